package io.liveset;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** What a registry can be asked. Questions change nothing, not even time. */
abstract sealed class Questions permits Registry {
    /** Why an instance is, or is not, what its readers get. */
    public Explanation explain(ServiceKey service, Address address) {
        return explain(service, address, List.of());
    }

    /** The same with what readers' own layers hold of the instance, to be told beside what consumers get here. */
    public Explanation explain(ServiceKey service, Address address, List<CopyReport> copies) {
        byte[] answer = question(Document.of("explain", fields -> {
            about(service, address).accept(fields);
            fields.objects("copies", copies, CopyReport::write);
        }));
        return Explanation.read(Node.parse(answer).at("ok"), content(answer));
    }

    /** The subscribers of a service, in the order of their subscriptions, and how far each was told. */
    public List<SubscriberAccount> subscribers(ServiceKey service) {
        return asked(Document.of("subscribers", service::write)).list(SubscriberAccount::read);
    }

    /** A service as a reader gets it. */
    public ServiceView instances(ServiceKey service, Reader reader) {
        return instances(InstanceQuery.of(service, reader));
    }

    /** Those instances of a service that are wanted. */
    public ServiceView instances(InstanceQuery query) {
        return ServiceView.read(asked(Document.of("instances", query::write)));
    }

    /** What is known or remembered of a service; empty when nobody ever named it, or everything is forgotten. */
    public Optional<ServiceRecord> service(ServiceKey service) {
        return Node.parse(question(Document.of("service", service::write))).optional("ok").map(ServiceRecord::read);
    }

    /** What happened after entry {@code since} of the journal (0 for all that it still has), oldest first. */
    public List<Transition> transitions(long since) {
        return asked(Document.of("transitions", fields -> fields.exactNumber("since", since))).list(Transition::read);
    }

    /**
     * The names behind an id in a row of changes.
     *
     * @throws LivesetException {@code UNKNOWN_INSTANCE}
     */
    public InstanceName instanceName(long instance) {
        byte[] question = Document.of("instance_name", fields -> fields.exactNumber("instance", instance));
        return asked(question).list(InstanceName::read).get(0);
    }

    /** Services known here, by name. */
    public List<ServiceKey> services() {
        return asked(Document.word("services")).list(ServiceKey::read);
    }

    /** Instances about which an operator's decision is remembered. */
    public List<InstanceName> overridden() {
        return asked(Document.word("overridden")).list(InstanceName::read);
    }

    /** Instances that are fenced. */
    public List<InstanceName> fenced() {
        return asked(Document.word("fenced")).list(InstanceName::read);
    }

    /** How many of everything there are. */
    public Counters counters() {
        return Counters.read(asked(Document.word("counters")));
    }

    /** The rules in force, every field of them. */
    public Policy policy() {
        return Policy.fromJson(content(question(Document.word("policy"))));
    }

    /** The answer document to a question document. */
    abstract byte[] question(byte[] question);

    private Node asked(byte[] question) {
        return Node.parse(question(question)).at("ok");
    }

    static Consumer<Document> about(ServiceKey service, Address address) {
        return fields -> {
            service.write(fields);
            address.write(fields);
        };
    }

    /** What stands between <code>{"ok":</code> and the last brace of an answer that is not a refusal. */
    static String content(byte[] answer) {
        int head = "{\"ok\":".length();
        return new String(answer, head, answer.length - head - 1, StandardCharsets.UTF_8);
    }
}
