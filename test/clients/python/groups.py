"""Two members share a group's partitions; one leaves; the offsets stay. Usage: groups.py BOOTSTRAP"""
import sys
import time

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic

bootstrap = sys.argv[1]
admin = AdminClient({"bootstrap.servers": bootstrap})
for future in admin.create_topics([NewTopic("py", num_partitions=4, replication_factor=1)]).values():
    future.result(10)

producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "compression.type": "lz4"})
acknowledged = []
for i in range(400):
    producer.produce("py", key=str(i), value=f"value {i}", headers={"n": str(i)}, on_delivery=lambda error, message: acknowledged.append((error, message.offset())))
producer.flush(20)
assert len(acknowledged) == 400 and all(error is None for error, _ in acknowledged), acknowledged[:3]


def member():
    consumer = Consumer({
        "bootstrap.servers": bootstrap,
        "group.id": "py-group",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": True,
        "session.timeout.ms": 6000,
    })
    consumer.subscribe(["py"])
    return consumer


first, second = member(), member()
seen = []
deadline = time.time() + 40
while time.time() < deadline and not (len(first.assignment()) == 2 and len(second.assignment()) == 2):
    for consumer in (first, second):
        message = consumer.poll(0.1)
        if message is not None and message.error() is None:
            seen.append(message.value())
assert {p.partition for p in first.assignment()} | {p.partition for p in second.assignment()} == {0, 1, 2, 3}

second.close()
while time.time() < deadline and not (len(first.assignment()) == 4 and len(set(seen)) == 400):
    message = first.poll(0.1)
    if message is not None and message.error() is None:
        seen.append(message.value())
assert len(set(seen)) == 400, len(set(seen))
first.close()

reader = Consumer({"bootstrap.servers": bootstrap, "group.id": "py-group"})
committed = sum(p.offset for p in reader.committed([TopicPartition("py", i) for i in range(4)], 10))
assert committed == 400, committed
reader.close()

resource = ConfigResource("topic", "py")
configs = admin.describe_configs([resource])[resource].result(10)
assert configs["retention.ms"].value == "604800000"
groups = [group.id for group in admin.list_groups(timeout=10)]
assert "py-group" in groups, groups
for future in admin.delete_topics(["py"]).values():
    future.result(10)
print("ok")
