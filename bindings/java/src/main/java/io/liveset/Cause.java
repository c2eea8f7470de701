package io.liveset;

/** Why an instance changed. */
public enum Cause {
    /** A registration. */
    REGISTERED(1),
    /** A beat that carried the whole instance while it was unknown. */
    REGISTERED_BY_BEAT(2),
    /** A beat after silence. */
    BEAT(3),
    /** A registration that changed what an instance already there says of itself. */
    REREGISTERED(4),
    /** A further source claimed an instance that was there. */
    SOURCE_JOINED(5),
    /** A source ended its claim on an instance that others hold. */
    SOURCE_LEFT(6),
    /** Its source claimed another address of the service instead, where the policy lets it hold one only. */
    REPLACED(7),
    /** Silence past the timeout. */
    SILENT(10),
    /** Silence past the delete time. */
    EXPIRED(11),
    /** Its own source took it back. */
    DEREGISTERED(12),
    /** Its session was closed. */
    SESSION_CLOSED(13),
    /** Its session fell silent and did not answer the probe. */
    SESSION_LOST(14),
    /** An operator removed it. */
    REMOVED(15),
    /** The host's checker found a persistent instance healthy again. */
    REPORTED_UP(16),
    /** The host's checker found a persistent instance unhealthy. */
    REPORTED_DOWN(17),
    /** The registry's process ended, and it had not kept the instance. */
    REGISTRY_RESTARTED(18),
    /** It was a copy of another node's claim, which ended there. */
    COPY_ENDED(19),
    /** An operator's override was set. */
    OVERRIDE_SET(20),
    /** An operator's override was cleared. */
    OVERRIDE_CLEARED(21),
    /** An operator's override came to the end of its lifetime. */
    OVERRIDE_ENDED(22),
    /** An operator lifted a fence. */
    FENCE_LIFTED(23),
    /** A deregistration that the policy answers as done, and that took nothing away. */
    DEREGISTRATION_IGNORED(24),
    /** A persistent instance had been unhealthy for longer than the policy, or it itself, allows. */
    NOT_RECOVERED(25),
    /** A setting of the service was changed. */
    SERVICE_CHANGED(30),
    /** The record of its service was taken away although it was there. */
    SERVICE_FORGOTTEN(31);

    private static final Cause[] BY_NUMBER = new Cause[32];

    static {
        for (Cause cause : values()) {
            BY_NUMBER[cause.number] = cause;
        }
    }

    private final int number;

    Cause(int number) {
        this.number = number;
    }

    /** The cause that a row of changes names. */
    static Cause of(int number) {
        Cause cause = number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : null;
        if (cause == null) {
            throw new IllegalStateException("unknown cause " + number);
        }
        return cause;
    }

    /** The stable number, the same in every language. */
    public int number() {
        return number;
    }
}
