package io.liveset;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Several claims of one session on instances of one service, in the place of all that the session holds there.
 *
 * @param service which service
 * @param source who claims, 1 to 128 printable bytes
 * @param session over which session
 * @param members what it claims, each address once; whatever else the session holds in the service is withdrawn
 */
public record BatchRegistration(ServiceKey service, String source, long session, List<Member> members) {
    /**
     * One claim of a batch.
     *
     * @param address which instance
     * @param content what the instance asks of load balancers
     */
    public record Member(Address address, Content content) {
        /** Bounds are checked when it is used. */
        public Member {
            Objects.requireNonNull(address, "address");
            Objects.requireNonNull(content, "content");
        }

        void write(Document to) {
            address.write(to);
            content.write(to);
        }
    }

    /** Copies the members; bounds are checked when it is used. */
    public BatchRegistration {
        Objects.requireNonNull(service, "service");
        Objects.requireNonNull(source, "source");
        members = List.copyOf(members);
    }

    /** A batch without members yet. */
    public static BatchRegistration of(ServiceKey service, String source, long session) {
        return new BatchRegistration(service, source, session, List.of());
    }

    /** The same with one more member, with default content. */
    public BatchRegistration withMember(Address address) {
        return withMember(address, Content.DEFAULT);
    }

    /** The same with one more member. */
    public BatchRegistration withMember(Address address, Content content) {
        List<Member> longer = new ArrayList<>(members);
        longer.add(new Member(address, content));
        return new BatchRegistration(service, source, session, longer);
    }

    void write(Document to) {
        service.write(to);
        to.text("source", source).exactNumber("session", session).objects("members", members, Member::write);
    }
}
