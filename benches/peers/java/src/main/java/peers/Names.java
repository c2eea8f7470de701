package peers;

/** The names of a fleet, 20 instances a service, the same for every peer. */
final class Names {
    private Names() {}

    static String service(int number) {
        return "service-" + number / 20;
    }

    static String host(int number) {
        return "10." + (number >> 16) + "." + (number >> 8 & 255) + "." + (number & 255);
    }

    static String[] keys(int size) {
        String[] keys = new String[size];
        for (int number = 0; number < size; number++) {
            keys[number] = "public#DEFAULT_GROUP#" + service(number) + "#" + host(number) + ":8080";
        }
        return keys;
    }
}
