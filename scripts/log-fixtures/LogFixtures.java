import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.internal.FileRecords;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.tools.DumpLogSegments;

/**
 * Fills a broker with everything a log directory may hold, and dumps such a directory.
 *
 *   LogFixtures fill BOOTSTRAP ROUND      what the round's number says, through Kafka's clients
 *   LogFixtures dump TARGET DIRECTORY...  what DumpLogSegments prints of each directory, one text each in TARGET
 */
public final class LogFixtures {
    private static final List<String> CODECS = List.of("none", "gzip", "snappy", "lz4", "zstd");
    /** 14 November 2023: the times of records that have one of their own. */
    private static final long TIME = 1_700_000_000_000L;

    private final String bootstrap;

    private LogFixtures(String bootstrap) {
        this.bootstrap = bootstrap;
    }

    public static void main(String[] args) throws Exception {
        if (args[0].equals("dump")) dumpAll(Path.of(args[1]), List.of(args).subList(2, args.length));
        else new LogFixtures(args[1]).fill(Integer.parseInt(args[2]));
    }

    private void fill(int round) throws Exception {
        if (round == 1) createTopics();
        codecs(round);
        transactions(round);
        compacted(round);
        appendTime(round);
        groups(round);
        configs(round);
        if (round == 3) openTransaction();
    }

    private Map<String, Object> client(Map<String, Object> more) {
        Map<String, Object> config = new HashMap<>(Map.of("bootstrap.servers", bootstrap));
        config.putAll(more);
        return config;
    }

    private void createTopics() throws Exception {
        Map<String, String> small = Map.of("retention.ms", "-1", "index.interval.bytes", "150");
        try (Admin admin = Admin.create(client(Map.of()))) {
            List<NewTopic> topics = new ArrayList<>();
            topics.add(topic("codecs", small, Map.of("internal.segment.bytes", "2500")));
            topics.add(topic("transactions", small, Map.of("internal.segment.bytes", "1200")));
            topics.add(topic("compacted", small, Map.of("internal.segment.bytes", "1500", "cleanup.policy", "compact",
                "min.cleanable.dirty.ratio", "0.01", "delete.retention.ms", "31536000000")));
            topics.add(topic("append-time", small, Map.of("internal.segment.bytes", "1000",
                "message.timestamp.type", "LogAppendTime", "compression.type", "lz4")));
            topics.add(topic("empty", small, Map.of()));
            admin.createTopics(topics).all().get();
        }
    }

    private static NewTopic topic(String name, Map<String, String> base, Map<String, String> more) {
        Map<String, String> configs = new HashMap<>(base);
        configs.putAll(more);
        return new NewTopic(name, 1, (short) 1).configs(configs);
    }

    private KafkaProducer<byte[], byte[]> producer(String codec, boolean isIdempotent, String transactionalId) {
        Map<String, Object> config = client(Map.of("compression.type", codec, "linger.ms", "3600000",
            "delivery.timeout.ms", "7200000", "enable.idempotence", isIdempotent));
        if (transactionalId != null) config.put("transactional.id", transactionalId);
        if (transactionalId != null) config.put("transaction.timeout.ms", 900_000);
        return new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private static byte[] bytes(String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    private static ProducerRecord<byte[], byte[]> record(String topic, Long time, String key, String value,
                                                         Header... headers) {
        return new ProducerRecord<>(topic, 0, time, bytes(key), bytes(value), List.of(headers));
    }

    private static Header header(String key, String value) {
        return new RecordHeader(key, bytes(value));
    }

    /** Every codec, with and without a producer id; batches of one record and of several; all that may be null or empty. */
    private void codecs(int round) {
        String topic = "codecs";
        long time = TIME + round * 1_000_000L;
        for (boolean isIdempotent : new boolean[] {false, true}) {
            for (String codec : CODECS) {
                try (KafkaProducer<byte[], byte[]> producer = producer(codec, isIdempotent, null)) {
                    producer.send(record(topic, time, "only", "one of " + codec));
                    producer.flush();
                    producer.send(record(topic, time + 5, "key", "value ".repeat(20), header("h", "1"), header("h", "2")));
                    producer.send(record(topic, time + 3, null, "no key", header("null", null), header("empty", "")));
                    producer.send(record(topic, time + 4, "tombstone", null));
                    producer.send(record(topic, time + 2, null, null));
                    producer.send(record(topic, time + 9, "", "", header("naïve ключ", "größe 漢字 🐞")));
                    producer.flush();
                    for (int i = 0; i < 12; i++) {
                        producer.send(record(topic, time + 10 + i, "k" + i, codec + " in round " + round + " number " + i));
                    }
                    producer.flush();
                }
                time += 10_000;
            }
        }
        // Times that go back, and none that is larger for a while.
        try (KafkaProducer<byte[], byte[]> producer = producer("none", true, null)) {
            for (int i = 0; i < 6; i++) {
                producer.send(record(topic, time - 1000L * i, "back", "in time " + i));
                producer.flush();
            }
        }
    }

    /** Interleaved transactions of three producers that commit and abort, and data of a fourth without one. */
    private void transactions(int round) {
        String topic = "transactions";
        try (KafkaProducer<byte[], byte[]> a = producer("none", true, "tx-a");
             KafkaProducer<byte[], byte[]> b = producer("zstd", true, "tx-b");
             KafkaProducer<byte[], byte[]> c = producer("lz4", true, "tx-c");
             KafkaProducer<byte[], byte[]> plain = producer("none", true, null)) {
            List<KafkaProducer<byte[], byte[]>> all = List.of(a, b, c);
            for (KafkaProducer<byte[], byte[]> producer : all) producer.initTransactions();
            for (int i = 0; i < 6; i++) {
                for (KafkaProducer<byte[], byte[]> producer : all) producer.beginTransaction();
                for (int j = 0; j < 3; j++) {
                    for (KafkaProducer<byte[], byte[]> producer : all) {
                        producer.send(record(topic, null, "t" + i, "part " + j + " of transaction " + i + "/" + round));
                        producer.send(record(topic, null, null, "round " + round));
                        producer.flush();
                    }
                    plain.send(record(topic, null, "plain", i + "." + j));
                    plain.flush();
                }
                a.commitTransaction();
                if (i % 2 == 0) b.abortTransaction();
                else b.commitTransaction();
                if (i % 3 == 0) c.commitTransaction();
                else c.abortTransaction();
            }
            // Aborted without data, and across another one's whole life.
            a.beginTransaction();
            a.send(record(topic, null, "long", "begins"));
            a.flush();
            b.beginTransaction();
            b.send(record(topic, null, "short", "within"));
            b.commitTransaction();
            a.send(record(topic, null, "long", "ends"));
            a.abortTransaction();
        }
    }

    /** Left open: the producer is not closed, which would abort. */
    private void openTransaction() {
        KafkaProducer<byte[], byte[]> producer = producer("none", true, "tx-open");
        producer.initTransactions();
        producer.beginTransaction();
        producer.send(record("transactions", null, "open", "undecided"));
        producer.flush();
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    /** Keys that are overwritten and deleted, in and out of transactions. */
    private void compacted(int round) {
        String topic = "compacted";
        for (String codec : CODECS) {
            try (KafkaProducer<byte[], byte[]> producer = producer(codec, true, null)) {
                for (int i = 0; i < 24; i++) {
                    boolean isTombstone = i % 7 == 3;
                    String value = isTombstone ? null : codec + " " + i + " of round " + round;
                    producer.send(record(topic, null, "key " + (i * 5 % 13), value, header("round", "" + round)));
                    if (i % 6 == 5) producer.flush();
                }
            }
        }
        try (KafkaProducer<byte[], byte[]> producer = producer("none", true, "tx-compacted")) {
            producer.initTransactions();
            for (int i = 0; i < 8; i++) {
                producer.beginTransaction();
                for (int j = 0; j < 4; j++) producer.send(record(topic, null, "tx key " + (i + j) % 5, "of " + i));
                producer.flush();
                if (i % 3 == 1) producer.abortTransaction();
                else producer.commitTransaction();
            }
        }
    }

    private void appendTime(int round) {
        try (KafkaProducer<byte[], byte[]> producer = producer("none", true, null)) {
            for (int i = 0; i < 30; i++) {
                producer.send(record("append-time", TIME + i, "k" + i, "set by the broker in round " + round));
                if (i % 4 == 3) producer.flush();
            }
        }
    }

    /** Commits of a classic and of a new group, in a transaction, and by an administrator who deletes one as well. */
    @SuppressWarnings("removal")
    private void groups(int round) throws Exception {
        for (String protocol : List.of("classic", "consumer")) {
            Map<String, Object> config = client(Map.of("group.id", protocol + "-group", "group.protocol", protocol,
                "client.id", protocol, "auto.offset.reset", "earliest", "enable.auto.commit", false));
            ByteArrayDeserializer plain = new ByteArrayDeserializer();
            try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(config, plain, plain)) {
                consumer.subscribe(List.of("append-time"));
                for (int i = 0; i < 60 && consumer.assignment().isEmpty(); i++) consumer.poll(Duration.ofMillis(500));
                if (consumer.assignment().isEmpty()) throw new IllegalStateException("no assignment for " + protocol);
                TopicPartition partition = new TopicPartition("append-time", 0);
                consumer.commitSync(Map.of(partition, new OffsetAndMetadata(7 * round, "metadata " + round)));
            }
        }
        TopicPartition partition = new TopicPartition("codecs", 0);
        try (KafkaProducer<byte[], byte[]> producer = producer("none", true, "tx-offsets")) {
            producer.initTransactions();
            for (int i = 0; i < 3; i++) {
                producer.beginTransaction();
                producer.sendOffsetsToTransaction(Map.of(partition, new OffsetAndMetadata(10 * round + i)),
                    new ConsumerGroupMetadata("transactional-group"));
                if (i == 1) producer.abortTransaction();
                else producer.commitTransaction();
            }
        }
        try (Admin admin = Admin.create(client(Map.of()))) {
            admin.alterConsumerGroupOffsets("admin-group", Map.of(partition, new OffsetAndMetadata(round))).all().get();
            if (round == 2) admin.deleteConsumerGroupOffsets("admin-group", Set.of(partition)).all().get();
            if (round == 3) admin.deleteConsumerGroups(List.of("admin-group")).all().get();
        }
    }

    /** Records for the metadata log. */
    private void configs(int round) throws Exception {
        try (Admin admin = Admin.create(client(Map.of()))) {
            for (int i = 0; i < 20; i++) {
                ConfigEntry entry = new ConfigEntry("flush.messages", String.valueOf(100_000 + i * round));
                ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, "empty");
                admin.incrementalAlterConfigs(Map.of(resource,
                    List.of(new AlterConfigOp(entry, AlterConfigOp.OpType.SET)))).all().get();
            }
            String name = "short-lived-" + round;
            admin.createTopics(List.of(new NewTopic(name, 2, (short) 1))).all().get();
            admin.deleteTopics(List.of(name)).all().get();
        }
    }

    private static void dumpAll(Path target, List<String> directories) throws Exception {
        PrintStream stdout = System.out;
        for (String directory : directories) {
            ByteArrayOutputStream text = new ByteArrayOutputStream();
            System.setOut(new PrintStream(text, true, StandardCharsets.UTF_8));
            List<String> args = new ArrayList<>(List.of("--deep-iteration", "--print-data-log"));
            if (directory.contains("__consumer_offsets")) args.add("--offsets-decoder");
            if (directory.contains("__transaction_state")) args.add("--transaction-log-decoder");
            if (directory.contains("__cluster_metadata")) args.add("--cluster-metadata-decoder");
            args.add("--files");
            args.add(String.join(",", dumpable(directory)));
            DumpLogSegments.main(args.toArray(String[]::new));
            System.setOut(stdout);
            Path file = target.resolve(directory + ".txt");
            Files.createDirectories(file.getParent());
            Files.write(file, text.toByteArray());
            Files.writeString(target.resolve(directory + ".records"), contents(directory));
        }
    }

    private static List<String> dumpable(String directory) {
        List<String> files = new ArrayList<>();
        String[] names = new File(directory).list();
        java.util.Arrays.sort(names);
        for (String name : names) {
            if (name.matches("\\d{20}.*\\.(log|index|timeindex|txnindex|snapshot|checkpoint)")) files.add(directory + "/" + name);
        }
        return files;
    }

    /**
     * What DumpLogSegments leaves out: keys, values and headers as bytes. One line a record: file, offset, key, value and
     * each header as key=value; in hexadecimal, "-" for null.
     */
    private static String contents(String directory) throws IOException {
        StringBuilder text = new StringBuilder();
        for (String name : dumpable(directory)) {
            if (!name.matches(".*\\.(log|checkpoint)")) continue;
            File file = new File(name);
            try (FileRecords records = FileRecords.open(file, false)) {
                for (RecordBatch batch : records.batches()) {
                    for (Record record : batch) {
                        text.append(file.getName()).append(' ').append(record.offset());
                        text.append(' ').append(hex(bytes(record.hasKey() ? record.key() : null)));
                        text.append(' ').append(hex(bytes(record.hasValue() ? record.value() : null)));
                        for (Header header : record.headers()) {
                            text.append(' ').append(hex(bytes(header.key()))).append('=').append(hex(header.value()));
                        }
                        text.append('\n');
                    }
                }
            }
        }
        return text.toString();
    }

    private static byte[] bytes(java.nio.ByteBuffer buffer) {
        if (buffer == null) return null;
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    private static String hex(byte[] bytes) {
        return bytes == null ? "-" : HexFormat.of().formatHex(bytes);
    }
}
