import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Modifier;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.protocol.types.RawTaggedField;

/**
 * Writes, with Apache Kafka's own serializers, bytes of several instances of every message in every version:
 * one line each, "message version kind hex".
 *
 *   java -cp "JARS/*" GoldenVectors.java DEFINITIONS_FOLDER > vectors.txt
 */
public class GoldenVectors {
    static final ObjectMapper MAPPER = new ObjectMapper();
    static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    static final long SAFE = (1L << 53) - 1;
    static final String[] PACKAGES = {
        "org.apache.kafka.common.message.", "org.apache.kafka.common.metadata.",
        "org.apache.kafka.coordinator.group.generated.", "org.apache.kafka.coordinator.transaction.generated.",
        "org.apache.kafka.coordinator.share.generated.", "org.apache.kafka.raft.generated.",
        "org.apache.kafka.server.log.remote.metadata.storage.generated.", "org.apache.kafka.server.storage.log.generated.",
        "org.apache.kafka.storage.internals.log.generated.", "org.apache.kafka.storage.generated.",
    };

    /** What an instance is made of. */
    enum Kind { EMPTY, TYPICAL, RANDOM, EXTREME, NULLS, TAGS, UNSAFE }

    static Random random;
    static Map<String, JsonNode> common;
    static boolean sawLong;

    public static void main(String[] args) throws Exception {
        StringBuilder out = new StringBuilder();
        File[] modules = new File(args[0]).listFiles(File::isDirectory);
        Arrays.sort(modules);
        for (File module : modules) {
            File[] files = module.listFiles((dir, name) -> name.endsWith(".json"));
            Arrays.sort(files);
            for (File file : files) {
                JsonNode definition = MAPPER.readTree(file);
                if (!definition.get("validVersions").asText().equals("none")) vectors(definition, out);
            }
        }
        System.out.write(out.toString().getBytes(StandardCharsets.UTF_8));
        System.out.flush();
    }

    static void vectors(JsonNode definition, StringBuilder out) throws Exception {
        String name = definition.get("name").asText();
        String type = definition.get("type").asText();
        String simple = name + (Arrays.asList("request", "response", "header").contains(type) ? "Data" : "");
        Class<?> converter = converter(simple);
        common = new HashMap<>();
        if (definition.has("commonStructs")) {
            for (JsonNode struct : definition.get("commonStructs")) common.put(struct.get("name").asText(), struct.get("fields"));
        }
        int[] versions = range(definition.get("validVersions").asText());
        int[] flexible = range(definition.has("flexibleVersions") ? definition.get("flexibleVersions").asText() : "none");
        for (int version = versions[0]; version <= versions[1]; version++) {
            boolean tags = version >= flexible[0] && version <= flexible[1];
            for (Kind kind : Kind.values()) {
                if (kind == Kind.TAGS && !tags) continue;
                random = new Random((name + version + kind).hashCode());
                sawLong = false;
                JsonNode json = struct(definition.get("fields"), version, kind);
                if (kind == Kind.UNSAFE && !sawLong) continue;
                Message message = (Message) call(converter, json, (short) version);
                if (kind == Kind.TAGS) addTags(message);
                ObjectSerializationCache cache = new ObjectSerializationCache();
                int size = message.size(cache, (short) version);
                ByteBuffer buffer = ByteBuffer.allocate(size);
                message.write(new ByteBufferAccessor(buffer), cache, (short) version);
                if (buffer.hasRemaining()) throw new IllegalStateException(name + " wrote less than its size");
                out.append(name).append(' ').append(version).append(' ').append(kind).append(' ');
                out.append(HexFormat.of().formatHex(buffer.array())).append('\n');
            }
        }
    }

    static Class<?> converter(String simple) {
        for (String prefix : PACKAGES) {
            try {
                return Class.forName(prefix + simple + "JsonConverter");
            } catch (ClassNotFoundException e) {
                // The next package then.
            }
        }
        throw new IllegalStateException("no class for " + simple);
    }

    static Object call(Class<?> converter, JsonNode json, short version) throws Exception {
        try {
            return converter.getMethod("read", JsonNode.class, short.class).invoke(null, json, version);
        } catch (InvocationTargetException e) {
            throw new IllegalStateException(converter.getSimpleName() + " v" + version + ": " + json, e.getCause());
        }
    }

    static int[] range(String text) {
        if (text.equals("none")) return new int[] {1, 0};
        if (text.endsWith("+")) return new int[] {Integer.parseInt(text.substring(0, text.length() - 1)), Short.MAX_VALUE};
        String[] ends = text.split("-");
        return new int[] {Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1])};
    }

    static boolean in(JsonNode field, String property, int version) {
        if (!field.has(property)) return false;
        int[] range = range(field.get(property).asText());
        return version >= range[0] && version <= range[1];
    }

    static ObjectNode struct(JsonNode fields, int version, Kind kind) {
        ObjectNode node = JSON.objectNode();
        for (JsonNode field : fields) {
            if (!in(field, field.has("versions") ? "versions" : "taggedVersions", version)) continue;
            String name = field.get("name").asText();
            name = name.substring(0, 1).toLowerCase() + name.substring(1);
            boolean nullable = in(field, "nullableVersions", version);
            if (nullable && (kind == Kind.NULLS || (kind == Kind.RANDOM && random.nextInt(4) == 0))) node.set(name, JSON.nullNode());
            else node.set(name, value(field, field.get("type").asText(), version, kind));
        }
        return node;
    }

    static JsonNode value(JsonNode field, String type, int version, Kind kind) {
        if (type.startsWith("[]")) {
            ArrayNode array = JSON.arrayNode();
            int count = switch (kind) {
                case EMPTY -> 0;
                case RANDOM -> random.nextInt(4);
                case EXTREME -> 3;
                default -> 1;
            };
            for (int i = 0; i < count; i++) array.add(value(field, type.substring(2), version, kind));
            return array;
        }
        boolean extreme = kind == Kind.EXTREME;
        boolean high = random.nextBoolean();
        return switch (type) {
            case "bool" -> JSON.booleanNode(kind != Kind.EMPTY && random.nextBoolean());
            case "int8" -> JSON.numberNode(extreme ? (high ? Byte.MAX_VALUE : Byte.MIN_VALUE) : small(kind, 100));
            case "int16" -> JSON.numberNode(extreme ? (high ? Short.MAX_VALUE : Short.MIN_VALUE) : small(kind, 30000));
            case "uint16" -> JSON.numberNode(extreme ? (high ? 65535 : 0) : Math.abs(small(kind, 60000)));
            case "int32" -> JSON.numberNode(extreme ? (high ? Integer.MAX_VALUE : Integer.MIN_VALUE) : small(kind, 2000000000));
            case "uint32" -> JSON.numberNode(extreme ? (high ? 4294967295L : 0L) : (long) Math.abs(small(kind, 2000000000)));
            case "int64" -> JSON.numberNode(longValue(kind));
            case "float64" -> JSON.numberNode(extreme ? (high ? Double.MAX_VALUE : Double.MIN_VALUE) : small(kind, 1000) / 8.0);
            case "uuid" -> JSON.textNode(kind == Kind.EMPTY ? Uuid.ZERO_UUID.toString() : new Uuid(random.nextLong(), random.nextLong()).toString());
            case "string" -> JSON.textNode(text(kind));
            case "bytes", "records" -> JSON.textNode(Base64.getEncoder().encodeToString(bytes(kind)));
            default -> struct(field.has("fields") ? field.get("fields") : common.get(type), version, kind);
        };
    }

    static int small(Kind kind, int bound) {
        return kind == Kind.EMPTY ? 0 : random.nextInt(bound) - (random.nextInt(4) == 0 ? bound / 2 : 0);
    }

    static long longValue(Kind kind) {
        sawLong = true;
        return switch (kind) {
            case EMPTY -> 0;
            case EXTREME -> new long[] {SAFE, -SAFE, Long.MAX_VALUE, Long.MIN_VALUE}[random.nextInt(4)];
            case UNSAFE -> random.nextBoolean() ? SAFE + 1 + random.nextInt(1000) : -SAFE - 1 - random.nextInt(1000);
            default -> random.nextInt(3) == 0 ? -1 : (random.nextLong() & SAFE);
        };
    }

    static String text(Kind kind) {
        return switch (kind) {
            case EMPTY -> "";
            case EXTREME -> random.nextBoolean() ? "" : "ü→𝄞".repeat(1 + random.nextInt(40));
            default -> "s" + Integer.toString(random.nextInt(100000), 36);
        };
    }

    static byte[] bytes(Kind kind) {
        byte[] bytes = new byte[kind == Kind.EMPTY ? 0 : kind == Kind.EXTREME ? 300 : 1 + random.nextInt(12)];
        if (kind == Kind.EXTREME) Arrays.fill(bytes, (byte) 0x80);
        else random.nextBytes(bytes);
        return bytes;
    }

    /** Adds tags that no definition knows to the message and to every struct in it. */
    static void addTags(Message message) throws ReflectiveOperationException {
        for (Field field : message.getClass().getDeclaredFields()) {
            if (Modifier.isStatic(field.getModifiers()) || field.getName().startsWith("_")) continue;
            field.setAccessible(true);
            Object value = field.get(message);
            // A struct that this version lacks is there as its default, and must stay that.
            if (value instanceof Message inner && !inner.equals(inner.getClass().getConstructor().newInstance())) addTags(inner);
            if (value instanceof Collection<?> collection) {
                for (Object element : collection) if (element instanceof Message inner) addTags(inner);
            }
        }
        message.unknownTaggedFields().add(new RawTaggedField(9000, new byte[] {1, 2, 3}));
        message.unknownTaggedFields().add(new RawTaggedField(70000 + random.nextInt(1000), bytes(Kind.RANDOM)));
    }
}
