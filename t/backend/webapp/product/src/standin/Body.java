/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */
package standin;

import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.zip.CRC32;

/** Reads a request body in small pieces and keeps only sums of it, however long it is. */
final class Body {
    private final InputStream in;
    private final CRC32 crc = new CRC32();
    private final MessageDigest sha;
    private volatile long length;
    private volatile boolean complete;
    private long firstByteNanos = -1;

    /** withSha: SHA-256 as well; for gigabytes leave it out, the CRC is ten times faster. */
    Body(InputStream in, boolean withSha) {
        this.in = in;
        try {
            sha = withSha ? MessageDigest.getInstance("SHA-256") : null;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    void readAll() throws IOException {
        long start = System.nanoTime();
        byte[] buffer = new byte[32768];
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            if (firstByteNanos < 0) {
                firstByteNanos = System.nanoTime() - start;
            }
            crc.update(buffer, 0, n);
            if (sha != null) {
                sha.update(buffer, 0, n);
            }
            length += n;
        }
        complete = true;
    }

    /** May be asked while another thread reads. */
    long length() {
        return length;
    }

    boolean complete() {
        return complete;
    }

    /** Time until the first byte could be read, or -1 for an empty body. */
    long firstByteMillis() {
        return firstByteNanos < 0 ? -1 : firstByteNanos / 1_000_000;
    }

    String crc32() {
        return String.format("%08x", crc.getValue());
    }

    /** Once only, after readAll(). */
    String sha256() {
        return sha == null ? null : String.format("%064x", new BigInteger(1, sha.digest()));
    }
}
