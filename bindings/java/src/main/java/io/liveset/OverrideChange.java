package io.liveset;

import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;

/**
 * An operator decides about an instance, present or not. Under the strict policy it replaces the fields it names.
 *
 * @param service which service
 * @param address which instance
 * @param kind which of the two instances that an address may have; empty for whichever is there
 * @param by who decides, 1 to 128 printable bytes
 * @param because why, 1 to 256 printable bytes
 * @param lifetime for how long; empty for the policy's lifetime
 * @param enabled false takes it offline, true says that the operator allows it
 * @param weight weight to show instead of the provider's, 0 to 10000
 * @param metadata keys to show over the provider's
 */
public record OverrideChange(
        ServiceKey service, Address address, Optional<Kind> kind, String by, Optional<String> because,
        Optional<Lifetime> lifetime, Optional<Boolean> enabled, OptionalDouble weight,
        Optional<Map<String, String>> metadata) {
    /** Copies the metadata; bounds are checked when it is used. */
    public OverrideChange {
        Objects.requireNonNull(service, "service");
        Objects.requireNonNull(address, "address");
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(by, "by");
        Objects.requireNonNull(because, "because");
        Objects.requireNonNull(lifetime, "lifetime");
        Objects.requireNonNull(enabled, "enabled");
        Objects.requireNonNull(weight, "weight");
        metadata = metadata.map(entries -> {
            Map<String, String> copy = new TreeMap<>(entries);
            copy.values().forEach(value -> Objects.requireNonNull(value, "metadata"));
            return Collections.unmodifiableMap(copy);
        });
    }

    /** About whichever kind of instance is there. */
    public OverrideChange(
            ServiceKey service, Address address, String by, Optional<String> because, Optional<Lifetime> lifetime,
            Optional<Boolean> enabled, OptionalDouble weight, Optional<Map<String, String>> metadata) {
        this(service, address, Optional.empty(), by, because, lifetime, enabled, weight, metadata);
    }

    /** A change that decides nothing yet; the methods below say what it decides. */
    public static OverrideChange of(ServiceKey service, Address address, String by) {
        return new OverrideChange(service, address, by, Optional.empty(), Optional.empty(), Optional.empty(),
                OptionalDouble.empty(), Optional.empty());
    }

    /** The same about the instance of this kind. */
    public OverrideChange withKind(Kind kind) {
        return new OverrideChange(service, address, Optional.of(kind), by, because, lifetime, enabled, weight, metadata);
    }

    /** The same with a reason. */
    public OverrideChange withBecause(String because) {
        return new OverrideChange(service, address, kind, by, Optional.of(because), lifetime, enabled, weight, metadata);
    }

    /** The same with a lifetime of its own. */
    public OverrideChange withLifetime(Lifetime lifetime) {
        return new OverrideChange(service, address, kind, by, because, Optional.of(lifetime), enabled, weight, metadata);
    }

    /** The same, deciding about traffic. */
    public OverrideChange withEnabled(boolean enabled) {
        return new OverrideChange(service, address, kind, by, because, lifetime, Optional.of(enabled), weight, metadata);
    }

    /** The same, deciding about the weight. */
    public OverrideChange withWeight(double weight) {
        return new OverrideChange(service, address, kind, by, because, lifetime, enabled, OptionalDouble.of(weight), metadata);
    }

    /** The same, deciding about metadata keys. */
    public OverrideChange withMetadata(Map<String, String> metadata) {
        return new OverrideChange(service, address, kind, by, because, lifetime, enabled, weight, Optional.of(metadata));
    }

    void write(Document to) {
        service.write(to);
        address.write(to);
        kind.ifPresent(either -> to.text("kind", either.word()));
        to.text("by", by);
        because.ifPresent(reason -> to.text("because", reason));
        lifetime.ifPresent(span -> Lifetimes.write(span, to));
        enabled.ifPresent(flag -> to.flag("enabled", flag));
        weight.ifPresent(number -> to.real("weight", number));
        metadata.ifPresent(entries -> to.texts("metadata", entries));
    }
}
