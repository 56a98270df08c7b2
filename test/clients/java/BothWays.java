import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.tools.DumpLogSegments;

/**
 * Does with any broker what a line on standard input says, and answers with lines that end with "end" or "failed: why":
 *
 *   create BOOTSTRAP TOPIC PARTITIONS NAME=VALUE;…   a topic
 *   write BOOTSTRAP ROUND                            records of all kinds to "codecs" and "compacted"
 *   transactions BOOTSTRAP ROUND                     committed and aborted ones in "transactions", with group offsets
 *   open BOOTSTRAP                                   a transaction in "undecided" that stays open
 *   commit BOOTSTRAP ROUND                           offsets of groups, and a topic config
 *   read BOOTSTRAP                                   everything that a client can see, one line each
 *   dump DIRECTORY                                   what DumpLogSegments prints of each partition in it
 */
public final class BothWays {
    private static final List<String> CODECS = List.of("none", "gzip", "snappy", "lz4", "zstd");
    private static final List<String> GROUPS = List.of("admin-group", "reader-group", "transactional-group");
    /** 14 November 2023: the times of records that have one of their own. */
    private static final long TIME = 1_700_000_000_000L;
    private static final PrintStream OUT = System.out;

    public static void main(String[] args) throws Exception {
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            try {
                run(line.split(" "));
                OUT.println("end");
            } catch (Throwable failure) {
                failure.printStackTrace();
                OUT.println("failed: " + failure);
            }
            OUT.flush();
        }
        // A producer with an open transaction must not abort it now.
        Runtime.getRuntime().halt(0);
    }

    private static void run(String[] words) throws Exception {
        BothWays broker = new BothWays(words[1]);
        switch (words[0]) {
            case "create" -> broker.create(words[2], Integer.parseInt(words[3]), words[4]);
            case "write" -> broker.write(Integer.parseInt(words[2]));
            case "transactions" -> broker.transactions(Integer.parseInt(words[2]));
            case "open" -> broker.openTransaction();
            case "commit" -> broker.commit(Integer.parseInt(words[2]));
            case "read" -> broker.read();
            case "dump" -> dump(new File(words[1]));
            default -> throw new IllegalArgumentException(words[0]);
        }
    }

    private final String bootstrap;

    private BothWays(String bootstrap) {
        this.bootstrap = bootstrap;
    }

    private Map<String, Object> client(Map<String, Object> more) {
        Map<String, Object> config = new HashMap<>(Map.of("bootstrap.servers", bootstrap));
        config.putAll(more);
        return config;
    }

    private void create(String topic, int partitions, String configs) throws Exception {
        Map<String, String> parsed = new HashMap<>();
        for (String config : configs.split(";")) parsed.put(config.split("=")[0], config.split("=")[1]);
        try (Admin admin = Admin.create(client(Map.of()))) {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1).configs(parsed))).all().get();
        }
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

    private static ProducerRecord<byte[], byte[]> record(String topic, int partition, Long time, String key,
                                                         String value, Header... headers) {
        return new ProducerRecord<>(topic, partition, time, bytes(key), bytes(value), List.of(headers));
    }

    private static Header header(String key, String value) {
        return new RecordHeader(key, bytes(value));
    }

    /** Every codec, with and without a producer id; batches of one record and of several; all that may be null or empty. */
    private void write(int round) {
        long time = TIME + round * 1_000_000L;
        for (boolean isIdempotent : new boolean[] {false, true}) {
            for (String codec : CODECS) {
                try (KafkaProducer<byte[], byte[]> producer = producer(codec, isIdempotent, null)) {
                    for (int partition = 0; partition < 2; partition++) {
                        String topic = "codecs";
                        producer.send(record(topic, partition, time, "only", "one of " + codec));
                        producer.flush();
                        producer.send(record(topic, partition, time + 5, "key", "value ".repeat(20),
                            header("h", "1"), header("h", "2")));
                        producer.send(record(topic, partition, time + 3, null, "no key",
                            header("null", null), header("empty", "")));
                        producer.send(record(topic, partition, time + 4, "tombstone", null));
                        producer.send(record(topic, partition, time + 2, null, null));
                        producer.send(record(topic, partition, time + 9, "", "", header("größe", "漢字 🐞")));
                        producer.flush();
                    }
                    for (int i = 0; i < 24; i++) {
                        String value = i % 7 == 3 ? null : codec + " " + i + " of round " + round;
                        producer.send(record("compacted", 0, null, "key " + (i * 5 % 13), value, header("r", "" + round)));
                        if (i % 6 == 5) producer.flush();
                    }
                    producer.flush();
                }
                time += 10_000;
            }
        }
    }

    private void transactions(int round) throws Exception {
        TopicPartition partition = new TopicPartition("codecs", 0);
        try (KafkaProducer<byte[], byte[]> a = producer("none", true, "tx-a");
             KafkaProducer<byte[], byte[]> b = producer("zstd", true, "tx-b")) {
            a.initTransactions();
            b.initTransactions();
            for (int i = 0; i < 4; i++) {
                for (KafkaProducer<byte[], byte[]> producer : List.of(a, b)) {
                    producer.beginTransaction();
                    producer.send(record("transactions", 0, null, "t" + i, "round " + round));
                    producer.send(record("compacted", 0, null, "tx key " + i % 2, "of " + i + "/" + round));
                    producer.flush();
                }
                a.sendOffsetsToTransaction(Map.of(partition, new OffsetAndMetadata(10L * round + i)),
                    new ConsumerGroupMetadata("transactional-group"));
                if (i % 2 == 0) a.commitTransaction();
                else a.abortTransaction();
                if (i % 3 == 0) b.abortTransaction();
                else b.commitTransaction();
            }
        }
    }

    /** Left open: closing the producer would abort. */
    private void openTransaction() {
        KafkaProducer<byte[], byte[]> producer = producer("none", true, "tx-open");
        producer.initTransactions();
        producer.beginTransaction();
        producer.send(record("undecided", 1, null, "open", "nobody knows"));
        producer.flush();
    }

    private void commit(int round) throws Exception {
        TopicPartition partition = new TopicPartition("codecs", 1);
        ByteArrayDeserializer plain = new ByteArrayDeserializer();
        Map<String, Object> reader = client(Map.of("group.id", "reader-group", "auto.offset.reset", "earliest",
            "enable.auto.commit", false, "max.poll.records", 5));
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(reader, plain, plain)) {
            consumer.subscribe(List.of("codecs"));
            for (int i = 0; i < 60 && consumer.assignment().size() < 2; i++) consumer.poll(Duration.ofMillis(100));
            if (consumer.assignment().size() < 2) throw new IllegalStateException("no assignment");
            consumer.commitSync(Map.of(partition, new OffsetAndMetadata(5L * round, "metadata " + round)));
        }
        try (Admin admin = Admin.create(client(Map.of()))) {
            Map<TopicPartition, OffsetAndMetadata> offsets = Map.of(partition, new OffsetAndMetadata(round));
            admin.alterConsumerGroupOffsets("admin-group", offsets).all().get();
            ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, "codecs");
            ConfigEntry entry = new ConfigEntry("flush.messages", String.valueOf(100_000 + round));
            List<AlterConfigOp> change = List.of(new AlterConfigOp(entry, AlterConfigOp.OpType.SET));
            admin.incrementalAlterConfigs(Map.of(topic, change)).all().get();
        }
    }

    private void read() throws Exception {
        List<TopicPartition> partitions = new ArrayList<>();
        try (Admin admin = Admin.create(client(Map.of()))) {
            for (String topic : new TreeSet<>(admin.listTopics().names().get())) {
                ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
                String configs = admin.describeConfigs(List.of(resource)).all().get().get(resource).entries().stream()
                    .filter(entry -> entry.source() == ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG)
                    .map(entry -> entry.name() + "=" + entry.value()).sorted().collect(Collectors.joining(" "));
                int count = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions().size();
                OUT.println("topic " + topic + " " + count + " " + configs);
                for (int i = 0; i < count; i++) partitions.add(new TopicPartition(topic, i));
            }
            for (String group : GROUPS) {
                var offsets = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
                offsets.entrySet().stream().map(entry -> "group " + group + " " + entry).sorted().forEach(OUT::println);
            }
            partitions.sort(Comparator.comparing(TopicPartition::toString));
            for (TopicPartition partition : partitions) offsets(admin, partition);
        }
        partitions.removeIf(partition -> partition.topic().startsWith("__"));
        records(partitions, "read_uncommitted");
        records(partitions, "read_committed");
    }

    /** The cleaner may remove what was found by time. */
    private static void offsets(Admin admin, TopicPartition partition) throws Exception {
        if (partition.topic().startsWith("__") || partition.topic().equals("compacted")) return;
        StringBuilder line = new StringBuilder("offsets " + partition);
        for (OffsetSpec spec : List.of(OffsetSpec.earliest(), OffsetSpec.latest(), OffsetSpec.maxTimestamp(),
            OffsetSpec.forTimestamp(TIME + 1_000_004L), OffsetSpec.forTimestamp(TIME + 2_030_000L))) {
            for (IsolationLevel isolation : IsolationLevel.values()) {
                var found = admin.listOffsets(Map.of(partition, spec), new ListOffsetsOptions(isolation))
                    .partitionResult(partition).get();
                line.append(" ").append(found.offset()).append("@").append(found.timestamp());
            }
        }
        OUT.println(line);
    }

    private void records(List<TopicPartition> partitions, String isolation) {
        ByteArrayDeserializer plain = new ByteArrayDeserializer();
        SortedMap<String, String> lastOfKey = new TreeMap<>();
        List<String> lines = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer =
                 new KafkaConsumer<>(client(Map.of("isolation.level", isolation)), plain, plain)) {
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            long deadline = System.nanoTime() + 20_000_000_000L;
            while (partitions.stream().anyMatch(each -> consumer.position(each) < ends.get(each))) {
                if (System.nanoTime() > deadline) throw new IllegalStateException("not at " + ends + " in time");
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    String line = isolation + " " + describe(record);
                    if (record.topic().equals("compacted")) lastOfKey.put(hex(record.key()), line);
                    else lines.add(line);
                }
            }
        }
        lines.addAll(lastOfKey.values());
        lines.stream().sorted().forEach(OUT::println);
    }

    private static String describe(ConsumerRecord<byte[], byte[]> record) {
        String headers = Arrays.stream(record.headers().toArray())
            .map(header -> hex(bytes(header.key())) + "=" + hex(header.value())).collect(Collectors.joining(","));
        return String.format("%s-%d %08d epoch %s %s %d key %s value %s headers %s", record.topic(), record.partition(),
            record.offset(), record.leaderEpoch().map(String::valueOf).orElse("none"), record.timestampType(),
            record.timestamp(), hex(record.key()), hex(record.value()), headers);
    }

    private static String hex(byte[] bytes) {
        return bytes == null ? "null" : HexFormat.of().formatHex(bytes);
    }

    private static void dump(File directory) throws Exception {
        Collection<String> files = new TreeSet<>();
        for (File partition : directory.listFiles(file -> file.isDirectory() && file.getName().matches(".*-\\d+"))) {
            for (String name : partition.list()) {
                File file = new File(partition, name);
                if (name.matches("\\d{20}\\.(log|index|timeindex|txnindex|snapshot)")) files.add(file.getPath());
            }
        }
        String list = String.join(",", files);
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        System.setOut(new PrintStream(text, true, StandardCharsets.UTF_8));
        try {
            DumpLogSegments.main(new String[] {"--deep-iteration", "--index-sanity-check", "--files", list});
            DumpLogSegments.main(new String[] {"--deep-iteration", "--verify-index-only", "--files", list});
        } finally {
            System.setOut(OUT);
        }
        OUT.print(text.toString(StandardCharsets.UTF_8));
    }
}
