/* Makes record batches with Apache Kafka's own classes, and reads batches with them. How it was run:
 *
 *   javac -cp kafka-clients-4.1.0.jar ApacheKafkaBatches.java
 *   CP=.:kafka-clients-4.1.0.jar:lz4-java-1.8.0.jar:snappy-java-1.1.10.5.jar:zstd-jni-1.5.6-10.jar:slf4j-api-1.7.36.jar
 *   java -cp $CP ApacheKafkaBatches write            one batch a line: name, bytes in hex
 *   java -cp $CP ApacheKafkaBatches read < lines     the same lines, each with what Kafka's reader makes of the bytes
 */

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.message.LeaderChangeMessage;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.record.CompressionType;
import org.apache.kafka.common.record.ControlRecordType;
import org.apache.kafka.common.record.EndTransactionMarker;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.MemoryRecordsBuilder;
import org.apache.kafka.common.record.MutableRecordBatch;
import org.apache.kafka.common.record.Record;
import org.apache.kafka.common.record.RecordBatch;
import org.apache.kafka.common.record.SimpleRecord;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.utils.BufferSupplier;

public class ApacheKafkaBatches {
    static final long TIME = 1_700_000_000_000L;
    static final HexFormat HEX = HexFormat.of();

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("write")) {
            all().forEach((name, records) -> System.out.println(name + "\t" + HEX.formatHex(bytes(records))));
            return;
        }
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] parts = line.split("\t");
            MemoryRecords records = MemoryRecords.readableRecords(ByteBuffer.wrap(HEX.parseHex(parts[1])));
            System.out.println(line + "\t" + described(records.batches().iterator().next()));
        }
    }

    static Map<String, MemoryRecords> all() {
        Map<String, MemoryRecords> made = new LinkedHashMap<>();
        made.put("keys-and-values", with(Compression.NONE, -1, (short) -1, -1, false, keysAndValues()));
        made.put("headers", with(Compression.NONE, -1, (short) -1, -1, false, headers()));
        made.put("timestamps", with(Compression.NONE, -1, (short) -1, -1, false, timestamps()));
        made.put("idempotent-wrapping-sequence", with(Compression.NONE, 4711, (short) 3, Integer.MAX_VALUE - 1, false, keysAndValues()));
        made.put("transactional", with(Compression.NONE, 1L << 40, (short) 32767, 0, true, keysAndValues()));
        for (CompressionType type : CompressionType.values()) {
            Compression codec = Compression.of(type).build();
            made.put(type.name + "-json", with(codec, 7, (short) 0, 12, true, json(40)));
            made.put(type.name + "-random", with(codec, -1, (short) -1, -1, false, random(600)));
            if (type != CompressionType.NONE) {
                made.put(type.name + "-two-blocks", with(codec, -1, (short) -1, -1, false, repeated(70_000)));
            }
        }
        made.put("log-append-time", appendTime());
        made.put("commit", MemoryRecords.withEndTransactionMarker(90, TIME, 5, 4711, (short) 3, new EndTransactionMarker(ControlRecordType.COMMIT, 17)));
        made.put("abort", MemoryRecords.withEndTransactionMarker(91, TIME, 5, 4711, (short) 3, new EndTransactionMarker(ControlRecordType.ABORT, Integer.MAX_VALUE)));
        made.put("leader-change-0", MemoryRecords.withLeaderChangeMessage(92, TIME, 6, ByteBuffer.allocate(512), leaderChange((short) 0)));
        made.put("leader-change-1", leaderChangeWithDirectories());
        made.put("compacted-gaps", compacted(Compression.NONE, 1, 4));
        made.put("compacted-gaps-gzip", compacted(Compression.gzip().build(), 1, 4));
        made.put("compacted-delete-horizon", compacted(Compression.NONE, 2, 4));
        made.put("compacted-empty", compacted(Compression.NONE));
        return made;
    }

    static MemoryRecords with(Compression codec, long id, short epoch, int sequence, boolean transactional, SimpleRecord... records) {
        return MemoryRecords.withRecords((byte) 2, 1_000, codec, TimestampType.CREATE_TIME, id, epoch, sequence, 9, transactional, records);
    }

    static SimpleRecord[] keysAndValues() {
        return new SimpleRecord[] {
            new SimpleRecord(TIME, "key".getBytes(), "value".getBytes()),
            new SimpleRecord(TIME + 1, null, "no key".getBytes()),
            new SimpleRecord(TIME + 1, "tombstone".getBytes(), null),
            new SimpleRecord(TIME + 64, (byte[]) null, null),
            new SimpleRecord(TIME + 10_000, new byte[0], new byte[0]),
            new SimpleRecord(TIME + 10_001, new byte[200], new byte[9_000]),
        };
    }

    static SimpleRecord[] headers() {
        Header[] several = {
            new RecordHeader("a", new byte[] {1}),
            new RecordHeader("a", (byte[]) null),
            new RecordHeader("", new byte[0]),
            new RecordHeader("Überschrift \uD83D\uDE00", "wert".getBytes()),
        };
        Header[] many = new Header[70];
        for (int number = 0; number < many.length; number++) {
            many[number] = new RecordHeader("h" + number, new byte[number]);
        }
        return new SimpleRecord[] {
            new SimpleRecord(TIME, "k".getBytes(), "v".getBytes(), several),
            new SimpleRecord(TIME, (byte[]) null, null, many),
        };
    }

    static SimpleRecord[] timestamps() {
        return new SimpleRecord[] {
            new SimpleRecord(TIME, null, "first".getBytes()),
            new SimpleRecord(TIME - 1, null, "before".getBytes()),
            new SimpleRecord(0, null, "long before".getBytes()),
            new SimpleRecord(RecordBatch.NO_TIMESTAMP, null, "none".getBytes()),
            new SimpleRecord(Long.MAX_VALUE, null, "last".getBytes()),
        };
    }

    static SimpleRecord[] json(int count) {
        SimpleRecord[] records = new SimpleRecord[count];
        for (int number = 0; number < count; number++) {
            String value = "{\"order\": " + number + ", \"amount\": " + number * 7 % 13 + ", \"state\": \"paid\"}";
            records[number] = new SimpleRecord(TIME + number * 10L, ("customer-" + number % 5).getBytes(), value.getBytes());
        }
        return records;
    }

    static SimpleRecord[] random(int size) {
        byte[] value = new byte[size];
        new Random(5).nextBytes(value);
        return new SimpleRecord[] {new SimpleRecord(TIME, null, value)};
    }

    static SimpleRecord[] repeated(int size) {
        byte[] value = new byte[size];
        for (int at = 0; at < size; at++) {
            value[at] = (byte) ('a' + at % 26);
        }
        return new SimpleRecord[] {new SimpleRecord(TIME, null, value), new SimpleRecord(TIME, null, value)};
    }

    static MemoryRecords appendTime() {
        MemoryRecordsBuilder builder = MemoryRecords.builder(ByteBuffer.allocate(512), (byte) 2, Compression.NONE, TimestampType.LOG_APPEND_TIME, 50, TIME + 5_000, 2);
        builder.append(TIME, "k".getBytes(), "sent early".getBytes());
        builder.append(TIME + 7_000, "k".getBytes(), "sent late".getBytes());
        return builder.build();
    }

    static MemoryRecords leaderChangeWithDirectories() {
        MemoryRecordsBuilder builder = new MemoryRecordsBuilder(ByteBuffer.allocate(512), (byte) 2, Compression.NONE,
            TimestampType.CREATE_TIME, 93, TIME, -1, (short) -1, -1, false, true, 6, 512);
        ByteBuffer value = MessageUtil.toByteBufferAccessor(leaderChange((short) 1), (short) 1).buffer();
        builder.appendControlRecord(TIME, ControlRecordType.LEADER_CHANGE, value);
        return builder.build();
    }

    static LeaderChangeMessage leaderChange(short version) {
        LeaderChangeMessage message = new LeaderChangeMessage().setVersion(version).setLeaderId(2);
        message.setVoters(List.of(voter(1, version), voter(2, version), voter(3, version)));
        return message.setGrantingVoters(List.of(voter(2, version), voter(3, version)));
    }

    static LeaderChangeMessage.Voter voter(int id, short version) {
        LeaderChangeMessage.Voter voter = new LeaderChangeMessage.Voter().setVoterId(id);
        return version == 0 ? voter : voter.setVoterDirectoryId(new Uuid(id, -id));
    }

    static MemoryRecords compacted(Compression codec, int... retained) {
        MemoryRecords before = with(codec, 4711, (short) 3, 20, false, keysAndValues());
        ByteBuffer after = ByteBuffer.allocate(2_000);
        before.filterTo(new MemoryRecords.RecordFilter(TIME + 20_000, 86_400_000) {
            @Override
            protected BatchRetentionResult checkBatchRetention(RecordBatch batch) {
                return new BatchRetentionResult(BatchRetention.RETAIN_EMPTY, false);
            }

            @Override
            protected boolean shouldRetainRecord(RecordBatch batch, Record record) {
                for (int number : retained) {
                    if (record.offset() == 1_000 + number) {
                        return true;
                    }
                }
                return false;
            }
        }, after, BufferSupplier.NO_CACHING);
        after.flip();
        return MemoryRecords.readableRecords(after);
    }

    static byte[] bytes(MemoryRecords records) {
        byte[] bytes = new byte[records.buffer().remaining()];
        records.buffer().duplicate().get(bytes);
        return bytes;
    }

    static String described(MutableRecordBatch batch) {
        batch.ensureValid();
        StringBuilder text = new StringBuilder("{");
        text.append(String.format("\"base_offset\": %d, \"last_offset\": %d, \"next_offset\": %d, ", batch.baseOffset(), batch.lastOffset(), batch.nextOffset()));
        text.append(String.format("\"leader_epoch\": %d, \"crc\": %d, \"size_bytes\": %d, ", batch.partitionLeaderEpoch(), batch.checksum(), batch.sizeInBytes()));
        text.append(String.format("\"compression\": \"%s\", \"timestamp_type\": \"%s\", ", batch.compressionType().name(), batch.timestampType().name()));
        text.append(String.format("\"is_transactional\": %b, \"is_control\": %b, ", batch.isTransactional(), batch.isControlBatch()));
        text.append(String.format("\"delete_horizon_ms\": %s, ", batch.deleteHorizonMs().isPresent() ? batch.deleteHorizonMs().getAsLong() : "null"));
        text.append(String.format("\"max_timestamp\": %d, \"producer_id\": %d, \"producer_epoch\": %d, ", batch.maxTimestamp(), batch.producerId(), batch.producerEpoch()));
        text.append(String.format("\"base_sequence\": %d, \"last_sequence\": %d, \"record_count\": %d, \"records\": [", batch.baseSequence(), batch.lastSequence(), batch.countOrNull()));
        String separator = "";
        for (Record record : batch) {
            text.append(separator).append(described(record));
            separator = ", ";
        }
        return text.append("]}").toString();
    }

    static String described(Record record) {
        StringBuilder headers = new StringBuilder("[");
        String separator = "";
        for (Header header : record.headers()) {
            headers.append(separator).append("[").append(hex(ByteBuffer.wrap(header.key().getBytes(java.nio.charset.StandardCharsets.UTF_8))));
            headers.append(", ").append(header.value() == null ? "null" : hex(ByteBuffer.wrap(header.value()))).append("]");
            separator = ", ";
        }
        return "[" + record.offset() + ", " + record.timestamp() + ", " + hex(record.key()) + ", " + hex(record.value()) + ", " + headers + "]]";
    }

    static String hex(ByteBuffer content) {
        if (content == null) {
            return "null";
        }
        byte[] bytes = new byte[content.remaining()];
        content.duplicate().get(bytes);
        return "\"" + HEX.formatHex(bytes) + "\"";
    }
}
