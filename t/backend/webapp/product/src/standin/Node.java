/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */
package standin;

import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** This instance: which product it plays, its node name, and what /control may change while it runs. */
final class Node {
    static final Product PRODUCT = Product.valueOf(System.getProperty("standin.product").toUpperCase(Locale.ROOT));
    static final String NAME = System.getProperty("standin.node");
    private static final String BASE_URL = System.getProperty("standin.baseurl");

    static volatile String state;
    static volatile String baseUrl;
    static volatile String version;

    /** Nobody may hang for ever: a gate that no test opens gives way after this. */
    private static final long GATE_SECONDS = 600;
    private static final Map<String, Gate> GATES = new ConcurrentHashMap<>();

    static {
        reset();
    }

    private Node() {
    }

    static void reset() {
        state = "RUNNING";
        baseUrl = BASE_URL;
        version = PRODUCT.version;
    }

    /**
     * A point where one request waits until another one (/slow/release) lets it go on, be that before or after.
     * Passed once, it is gone, and its name stands for a new one.
     */
    static final class Gate {
        private final String id;
        private final CountDownLatch opened = new CountDownLatch(1);
        private volatile boolean waiting;

        Gate(String id) {
            this.id = id;
        }

        /** Returns false when the gate was never opened. */
        boolean pass() {
            waiting = true;
            try {
                return opened.await(GATE_SECONDS, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            } finally {
                waiting = false;
                GATES.remove(id, this);
            }
        }

        boolean waiting() {
            return waiting;
        }

        void open() {
            opened.countDown();
        }
    }

    static Gate gate(String id) {
        return GATES.computeIfAbsent(id, Gate::new);
    }
}
