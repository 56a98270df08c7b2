import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Kafka's own clients under torture; arguments and output as in torture.py. */
public final class Torture {
    private static final long PAUSE_MS = 7;

    public static void main(String[] args) throws Exception {
        if (args[0].equals("produce")) produce(args[1], args[2], args[3], Integer.parseInt(args[4]));
        else consume(args[1], args[2], Integer.parseInt(args[3]));
    }

    private static synchronized void say(String line) {
        System.out.println(line);
        System.out.flush();
    }

    private static void produce(String name, String bootstrap, String topic, int partitions) throws Exception {
        Map<String, Object> config = Map.of(
            "bootstrap.servers", bootstrap,
            "key.serializer", StringSerializer.class.getName(),
            "value.serializer", StringSerializer.class.getName());
        int[] numbers = new int[partitions];
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(config)) {
            for (int turn = 0; System.in.available() == 0; turn++) {
                int partition = turn % partitions;
                int number = numbers[partition]++;
                producer.send(new ProducerRecord<>(topic, partition, null, name + " " + number), (done, error) -> {
                    if (error == null) say("a " + partition + " " + number + " " + done.offset());
                    else say("f " + partition + " " + number + " " + error.getClass().getSimpleName());
                });
                Thread.sleep(PAUSE_MS);
            }
            producer.flush();
        }
        say("end");
    }

    private static void consume(String bootstrap, String topic, int partitions) {
        Map<String, Object> config = Map.of(
            "bootstrap.servers", bootstrap,
            "enable.auto.commit", false,
            "auto.offset.reset", "none",
            "key.deserializer", StringDeserializer.class.getName(),
            "value.deserializer", StringDeserializer.class.getName());
        List<TopicPartition> all = new ArrayList<>();
        for (int partition = 0; partition < partitions; partition++) all.add(new TopicPartition(topic, partition));
        KafkaConsumer<String, String> consumer = new KafkaConsumer<>(config);
        consumer.assign(all);
        for (TopicPartition each : all) consumer.seek(each, 0);
        while (true) {
            try {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
                    say("r " + record.partition() + " " + record.offset() + " " + record.value());
                }
            } catch (RuntimeException error) {
                say("! " + error);
                return;
            }
        }
    }
}
