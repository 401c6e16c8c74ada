/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */
package standin;

import java.util.Map;

/**
 * What the stand-in knows of each product: where its status is read, which HTTP code each state has,
 * and what its application link manifest calls itself. One row a product.
 */
enum Product {
    JIRA("jira", "10.3.26", "/status", Codes.JIRA),
    CONFLUENCE("confluence", "9.2.26", "/status", Codes.JIRA),
    /* The other way round than Jira for STARTING and MAINTENANCE. */
    BITBUCKET("stash", "10.2.8", "/status", Codes.BITBUCKET),
    /* No /status here; PAUSED is a healthy state. */
    BAMBOO("bamboo", "12.1.12", "/rest/api/latest/status", Codes.BAMBOO),
    CROWD("crowd", "7.2.4", "/status", Codes.JIRA),
    /* Fisheye and Crucible are one process and document no status resource. */
    FISHEYE("fecru", "4.9.0", null, Map.of()),
    CRUCIBLE("fecru", "4.9.0", null, Map.of());

    final String typeId;
    final String version;
    final String statusPath;
    private final Map<String, Integer> codes;

    Product(String typeId, String version, String statusPath, Map<String, Integer> codes) {
        this.typeId = typeId;
        this.version = version;
        this.statusPath = statusPath;
        this.codes = codes;
    }

    /** The HTTP code of the status resource in a state, or null for a state the product has not. */
    Integer statusCode(String state) {
        return codes.get(state);
    }

    private static final class Codes {
        static final Map<String, Integer> JIRA = Map.of("STARTING", 200, "STOPPING", 200, "FIRST_RUN", 200,
                "RUNNING", 200, "MAINTENANCE", 503, "ERROR", 500);
        static final Map<String, Integer> BITBUCKET = Map.of("STARTING", 503, "STOPPING", 503, "FIRST_RUN", 200,
                "RUNNING", 200, "MAINTENANCE", 200, "ERROR", 500);
        static final Map<String, Integer> BAMBOO = Map.of("RUNNING", 200, "PAUSED", 200, "ERROR", 503);
    }
}
