"""librdkafka under torture. Usage: torture.py produce NAME BOOTSTRAP TOPIC PARTITIONS | torture.py consume BOOTSTRAP TOPIC PARTITIONS

A producer writes until its input ends, then flushes: "a PARTITION NUMBER OFFSET" when acknowledged, "f PARTITION NUMBER
WHY" when not; then "end". A consumer prints "r PARTITION OFFSET VALUE" until it is killed. "!" precedes what has gone wrong.
"""
import select
import sys
import time

from confluent_kafka import Consumer, Producer, TopicPartition

RECORDS_PER_SECOND = 150


def say(*words):
    print(*words, flush=True)


def produce(name, bootstrap, topic, partitions):
    producer = Producer({
        "bootstrap.servers": bootstrap,
        "enable.idempotence": True,
        "acks": "all",
        "linger.ms": 5,
        "message.timeout.ms": 120_000,
        "error_cb": lambda error: None,
    })
    numbers = [0] * partitions

    def report(partition, number):
        def delivered(error, message):
            if error is None:
                say("a", partition, number, message.offset())
            else:
                say("f", partition, number, error.name())
        return delivered

    turn = 0
    while not select.select([sys.stdin], [], [], 1 / RECORDS_PER_SECOND)[0]:
        partition = turn % partitions
        turn += 1
        try:
            producer.produce(topic, f"{name} {numbers[partition]}", partition=partition,
                             on_delivery=report(partition, numbers[partition]))
            numbers[partition] += 1
        except BufferError:
            pass
        producer.poll(0)
    producer.flush(130)
    say("end")


def consume(bootstrap, topic, partitions):
    consumer = Consumer({
        "bootstrap.servers": bootstrap,
        "group.id": "torture",
        "enable.auto.commit": False,
        "auto.offset.reset": "error",
        "error_cb": lambda error: None,
    })
    consumer.assign([TopicPartition(topic, partition, 0) for partition in range(partitions)])
    while True:
        for message in consumer.consume(500, 0.1):
            if message.error() is None:
                say("r", message.partition(), message.offset(), message.value().decode())
            elif not message.error().retriable():
                say("!", message.error())
                time.sleep(0.1)


if sys.argv[1] == "produce":
    produce(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))
else:
    consume(sys.argv[2], sys.argv[3], int(sys.argv[4]))
