/**
 * Who is alive, who is offline, who is told, and why: the rules of a service registry as one pure state machine.
 *
 * <p>{@link io.liveset.Registry} is the machine. It has no clock, threads or sockets: the host hands in time and commands, and takes
 * out outcomes, notices, changes and the next deadline. Every refusal is a {@link io.liveset.LivesetException} with a stable code.
 *
 * <p>Moments are milliseconds since a zero that the host chose once and keeps, from 0 to 2^53 - 1. Ids are numbers from 0 to
 * 2^53 - 1; one that outlived its owner finds nothing. Spans are {@link java.time.Duration}s of whole milliseconds.
 *
 * <p>No method and no constructor takes {@code null}: it is a {@link NullPointerException}.
 */
package io.liveset;
