import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.coordinator.group.GroupConfig;
import org.apache.kafka.server.common.Feature;
import org.apache.kafka.server.common.MetadataVersion;
import org.apache.kafka.server.config.AbstractKafkaConfig;
import org.apache.kafka.server.config.ConfigSynonym;
import org.apache.kafka.server.config.DynamicBrokerConfig;
import org.apache.kafka.server.config.QuotaConfig;
import org.apache.kafka.server.config.ServerTopicConfigSynonyms;
import org.apache.kafka.server.metrics.ClientMetricsConfigs;
import org.apache.kafka.storage.internals.log.LogConfig;

/**
 * Prints, as JSON, facts that Apache Kafka's jars hold in code: config names, types, defaults, bounds, synonyms and
 * update modes; feature ranges; the record versions of each metadata version. No documentation is taken.
 */
public final class KafkaFacts {
    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] args) throws Exception {
        ObjectNode root = JSON.createObjectNode();
        root.set("topic", definitions(topicDef()));
        root.set("broker", definitions(AbstractKafkaConfig.CONFIG_DEF));
        root.set("brokerQuota", definitions(QuotaConfig.brokerQuotaConfigs()));
        root.set("group", definitions(GroupConfig.CONFIG_DEF));
        root.set("clientMetrics", definitions(ClientMetricsConfigs.configDef()));
        root.set("topicSynonyms", topicSynonyms());
        root.set("groupSynonyms", groupSynonyms());
        root.set("updateModes", updateModes());
        root.set("dynamicSecurity", JSON.valueToTree(new TreeSet<>(DynamicBrokerConfig.DYNAMIC_SECURITY_CONFIGS)));
        root.set("brokerSynonyms", brokerSynonyms());
        root.set("metadataVersions", metadataVersions());
        root.set("features", features());
        System.out.println(JSON.writeValueAsString(root));
    }

    private static ConfigDef topicDef() {
        // A copy of the definition that the class keeps to itself.
        ConfigDef def = new ConfigDef();
        try {
            Field field = LogConfig.class.getDeclaredField("CONFIG");
            field.setAccessible(true);
            return (ConfigDef) field.get(null);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(def.toString(), e);
        }
    }

    private static ArrayNode definitions(ConfigDef def) throws Exception {
        ArrayNode all = JSON.createArrayNode();
        for (String name : new TreeSet<>(def.configKeys().keySet())) {
            ConfigDef.ConfigKey key = def.configKeys().get(name);
            ObjectNode node = all.addObject();
            node.put("name", name);
            node.put("type", key.type.name());
            if (key.hasDefault()) node.put("default", ConfigDef.convertToString(key.defaultValue, key.type));
            if (key.internalConfig) node.put("internal", true);
            if (key.validator != null) node.set("validator", validator(key.validator));
        }
        return all;
    }

    private static ObjectNode validator(Object validator) throws Exception {
        ObjectNode node = JSON.createObjectNode();
        node.put("kind", validator.getClass().getSimpleName().isEmpty() ? "Lambda" : validator.getClass().getSimpleName().replaceAll("\\$\\$Lambda.*", "Lambda"));
        for (Field field : validator.getClass().getDeclaredFields()) {
            if (java.lang.reflect.Modifier.isStatic(field.getModifiers())) continue;
            field.setAccessible(true);
            Object value = field.get(validator);
            if (value == null) continue;
            if (value instanceof Collection<?> list && list.stream().allMatch(ConfigDef.Validator.class::isInstance)) {
                ArrayNode nested = node.putArray(field.getName());
                for (Object one : list) nested.add(validator(one));
            } else if (value instanceof ConfigDef.Validator) {
                node.set(field.getName(), validator(value));
            } else if (value instanceof Number || value instanceof String || value instanceof Boolean || value instanceof Collection) {
                node.set(field.getName(), JSON.valueToTree(value));
            } else if (value instanceof Object[] array) {
                node.set(field.getName(), JSON.valueToTree(Arrays.stream(array).map(String::valueOf).toList()));
            }
        }
        return node;
    }

    private static ObjectNode topicSynonyms() {
        ObjectNode all = JSON.createObjectNode();
        for (Map.Entry<String, List<ConfigSynonym>> entry : ServerTopicConfigSynonyms.ALL_TOPIC_CONFIG_SYNONYMS.entrySet()) {
            ArrayNode list = all.putArray(entry.getKey());
            for (ConfigSynonym synonym : entry.getValue()) {
                ObjectNode node = list.addObject();
                node.put("name", synonym.name());
                if (synonym.converter() == ConfigSynonym.HOURS_TO_MILLISECONDS) node.put("unit", "hours");
                if (synonym.converter() == ConfigSynonym.MINUTES_TO_MILLISECONDS) node.put("unit", "minutes");
            }
        }
        return all;
    }

    private static ObjectNode groupSynonyms() {
        ObjectNode all = JSON.createObjectNode();
        for (Map.Entry<String, Optional<String>> entry : GroupConfig.ALL_GROUP_CONFIG_SYNONYMS.entrySet()) {
            entry.getValue().ifPresent(name -> all.put(entry.getKey(), name));
        }
        return all;
    }

    private static ObjectNode updateModes() {
        ObjectNode all = JSON.createObjectNode();
        DynamicBrokerConfig.dynamicConfigUpdateModes().forEach(all::put);
        return all;
    }

    private static ObjectNode brokerSynonyms() {
        ObjectNode all = JSON.createObjectNode();
        for (String name : new TreeSet<>(AbstractKafkaConfig.CONFIG_DEF.names())) {
            List<String> synonyms = new ArrayList<>(DynamicBrokerConfig.brokerConfigSynonyms(name, true));
            if (!synonyms.equals(List.of(name))) all.set(name, JSON.valueToTree(synonyms));
        }
        return all;
    }

    private static ArrayNode metadataVersions() {
        ArrayNode all = JSON.createArrayNode();
        for (MetadataVersion version : MetadataVersion.values()) {
            ObjectNode node = all.addObject();
            node.put("level", version.featureLevel());
            node.put("name", version.version());
            node.put("production", version.isProduction());
            node.put("registerBroker", version.registerBrokerRecordVersion());
            node.put("partition", version.partitionRecordVersion());
            node.put("partitionChange", version.partitionChangeRecordVersion());
            node.put("controllerRegistration", version.isControllerRegistrationSupported());
            node.put("transactions", version.isMetadataTransactionSupported());
            node.put("directories", version.isDirectoryAssignmentSupported());
            node.put("elr", version.isElrSupported());
            node.put("cordoned", version.isCordonedLogDirsSupported());
            node.put("leaderEpochBumpOnShrink", version.isLeaderEpochBumpRequiredOnIsrShrink());
            node.put("metadataChange", version.didMetadataChange());
            node.put("migration", version.isMigrationSupported());
            node.put("delegationToken", version.isDelegationTokenSupported());
            node.put("scram", version.isScramSupported());
        }
        return all;
    }

    private static ArrayNode features() {
        ArrayNode all = JSON.createArrayNode();
        for (Feature feature : Feature.PRODUCTION_FEATURES) {
            ObjectNode node = all.addObject();
            node.put("name", feature.featureName());
            node.put("min", feature.minimumProduction());
            node.put("max", feature.latestProduction());
            node.put("default", feature.defaultLevel(MetadataVersion.latestProduction()));
        }
        return all;
    }
}
