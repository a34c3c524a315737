import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;

/**
 * The job on Kafka Streams as somebody writes it who knows where it costs: the Processor API, a streaming JSON parser,
 * and no store and no repartitioning. Each task sums its own partitions, which are keyed by lead, in rings of panes on the
 * heap, and the scrape adds the tasks up. Nothing survives a restart.
 *
 * <p>Compile and run with the jars of org.apache.kafka:kafka-streams and its dependencies, and Jackson:
 * {@code javac -cp "$JARS/*" -d classes Sales.java}, then {@code KAFKA_STREAMS="classes:$JARS/*"} for the comparison.
 */
public final class Sales {
    static final List<String> STAGES =
            List.of("lead", "contacted", "qualified", "proposal", "negotiation", "won", "lost");
    static final String[] WINDOWS = {"24h", "7d", "30d"};
    static final long[] PANE_MILLIS = {900_000, 3_600_000, 21_600_000};
    static final int[] PANES = {96, 168, 120};
    /** Seven entries and the revenue. */
    static final int WIDTH = 8;
    /** Duplicates come within two hours; a day is more than enough. */
    static final int HOURS = 24;

    static final LongAdder SEEN = new LongAdder();
    static final AtomicLong NEWEST = new AtomicLong();
    static final List<Map<String, Rings>> TASKS = new CopyOnWriteArrayList<>();

    /** The rings of a rep in a team: for each window the panes, each with the number of the pane that it holds now. */
    static final class Rings {
        final long[][] sums = new long[3][];
        final long[][] holds = new long[3][];

        Rings() {
            for (int window = 0; window < 3; window++) {
                sums[window] = new long[PANES[window] * WIDTH];
                holds[window] = new long[PANES[window]];
            }
        }

        synchronized void add(long at, int stage, long cents) {
            for (int window = 0; window < 3; window++) {
                long pane = at / PANE_MILLIS[window];
                int place = (int) (pane % PANES[window]);
                if (holds[window][place] > pane) continue;
                int start = place * WIDTH;
                if (holds[window][place] < pane) {
                    java.util.Arrays.fill(sums[window], start, start + WIDTH, 0);
                    holds[window][place] = pane;
                }
                sums[window][start + stage]++;
                if (stage == 5) sums[window][start + 7] += cents;
            }
        }

        synchronized void addTo(long[] total, int window, long newest) {
            long last = newest / PANE_MILLIS[window];
            for (int place = 0; place < PANES[window]; place++) {
                long pane = holds[window][place];
                if (pane <= last - PANES[window] || pane > last) continue;
                for (int what = 0; what < WIDTH; what++) total[what] += sums[window][place * WIDTH + what];
            }
        }
    }

    static final class Counting implements Processor<String, byte[], Void, Void> {
        private final JsonFactory json = new JsonFactory();
        private final Map<String, Rings> reps = new ConcurrentHashMap<>();
        private final Map<Long, HashSet<String>> seen = new HashMap<>();
        private final ArrayDeque<Long> hours = new ArrayDeque<>();

        @Override
        public void init(ProcessorContext<Void, Void> context) {
            TASKS.add(reps);
        }

        @Override
        public void process(Record<String, byte[]> record) {
            String id = null, rep = null, team = null, stage = "lead", amount = "0", time = null;
            try (JsonParser parser = json.createParser(record.value())) {
                parser.nextToken();
                for (String field; (field = parser.nextFieldName()) != null; ) {
                    String value = parser.nextTextValue();
                    switch (field) {
                        case "event_id" -> id = value;
                        case "rep_id" -> rep = value;
                        case "team_id" -> team = value;
                        case "stage" -> stage = value;
                        case "amount" -> amount = value;
                        case "occurred_at" -> time = value;
                        default -> { }
                    }
                }
            } catch (IOException error) {
                throw new IllegalStateException(error);
            }
            SEEN.increment();
            long at = millis(time);
            NEWEST.accumulateAndGet(at, Math::max);
            if (isNew(id, at / 3_600_000)) {
                reps.computeIfAbsent(team + '|' + rep, ignored -> new Rings()).add(at, STAGES.indexOf(stage), cents(amount));
            }
        }

        private boolean isNew(String id, long hour) {
            HashSet<String> ids = seen.get(hour);
            if (ids == null) {
                seen.put(hour, ids = new HashSet<>());
                hours.add(hour);
                if (hours.size() > HOURS) seen.remove(hours.poll());
            }
            return ids.add(id);
        }
    }

    /** {@code 2026-11-20T08:15:30.123+08:00}; anything else by the library. */
    static long millis(String text) {
        if (text.length() != 29 || text.charAt(19) != '.' || text.charAt(23) == 'Z') {
            return OffsetDateTime.parse(text).toInstant().toEpochMilli();
        }
        int year = digits(text, 0, 4), month = digits(text, 5, 7), day = digits(text, 8, 10);
        // Days since 1970 of a date in the Gregorian calendar, with years that begin in March.
        long years = month > 2 ? year : year - 1;
        long days = years * 365 + years / 4 - years / 100 + years / 400 + (153L * ((month + 9) % 12) + 2) / 5 + day - 719_469;
        long minutes = (days * 24 + digits(text, 11, 13)) * 60 + digits(text, 14, 16);
        long offset = digits(text, 24, 26) * 60L + digits(text, 27, 29);
        minutes -= text.charAt(23) == '-' ? -offset : offset;
        return minutes * 60_000 + digits(text, 17, 19) * 1_000L + digits(text, 20, 23);
    }

    private static int digits(String text, int from, int to) {
        int number = 0;
        for (int place = from; place < to; place++) number = number * 10 + text.charAt(place) - '0';
        return number;
    }

    static long cents(String amount) {
        int point = amount.indexOf('.');
        if (point < 0) return Long.parseLong(amount) * 100;
        return Long.parseLong(amount, 0, point, 10) * 100 + digits(amount, point + 1, point + 3);
    }

    static String exposition() {
        StringBuilder text = new StringBuilder();
        long newest = NEWEST.get();
        for (int window = 0; window < 3; window++) {
            Map<String, long[]> reps = new HashMap<>(), teams = new HashMap<>();
            for (Map<String, Rings> task : TASKS) {
                for (Map.Entry<String, Rings> entry : task.entrySet()) {
                    String name = entry.getKey(), team = name.substring(0, name.indexOf('|'));
                    entry.getValue().addTo(reps.computeIfAbsent(name, ignored -> new long[WIDTH]), window, newest);
                    entry.getValue().addTo(teams.computeIfAbsent(team, ignored -> new long[WIDTH]), window, newest);
                }
            }
            String labels = "window=\"" + WINDOWS[window] + "\",team=\"";
            reps.forEach((name, sums) -> write(text, "rep", labels + name.replace("|", "\",rep=\"") + '"', sums));
            teams.forEach((name, sums) -> write(text, "team", labels + name + '"', sums));
        }
        return text.toString();
    }

    private static void write(StringBuilder text, String scope, String labels, long[] sums) {
        for (int stage = 0; stage < 7; stage++) {
            String of = "{" + labels + ",stage=\"" + STAGES.get(stage) + "\"} ";
            text.append("sales_").append(scope).append("_entries").append(of).append(sums[stage]).append('\n');
            if (stage > 0 && stage < 6 && sums[stage - 1] > 0) {
                double quotient = (double) sums[stage] / sums[stage - 1];
                text.append("sales_").append(scope).append("_conversion").append(of).append(quotient).append('\n');
            }
        }
        text.append("sales_").append(scope).append("_revenue{").append(labels).append("} ").append(sums[7] / 100.0).append('\n');
    }

    public static void main(String[] arguments) throws IOException {
        Map<String, String> environment = System.getenv();
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "sales-" + ProcessHandle.current().pid());
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, environment.getOrDefault("BOOTSTRAP", "127.0.0.1:9092"));
        properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, Runtime.getRuntime().availableProcessors());
        properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 30_000);
        properties.put(StreamsConfig.STATE_DIR_CONFIG, System.getProperty("java.io.tmpdir") + "/kstreams-" + ProcessHandle.current().pid());
        properties.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
        properties.put(StreamsConfig.consumerPrefix("max.poll.records"), 5_000);
        Topology topology = new Topology();
        topology.addSource("events", new StringDeserializer(), new ByteArrayDeserializer(), "sales.leads", "sales.stage-changes");
        topology.addProcessor("count", Counting::new, "events");
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(environment.getOrDefault("PORT", "9303"))), 0);
        server.createContext("/metrics", exchange -> {
            byte[] body = exposition().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        Thread progress = new Thread(() -> {
            try {
                for (;;) {
                    Thread.sleep(100);
                    System.out.println("PROGRESS " + SEEN.sum());
                }
            } catch (InterruptedException ended) {
                Thread.currentThread().interrupt();
            }
        });
        progress.setDaemon(true);
        progress.start();
        new KafkaStreams(topology, properties).start();
    }
}
