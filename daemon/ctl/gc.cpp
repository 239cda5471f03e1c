// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/gc.h"

#include "backends/io/json.h"
#include "daemon/words.h"
#include "protocol/iso_time.h"
#include "protocol/reply.h"

namespace onemarket {
namespace {

using Kind = StoredObject::Kind;

// Why an image that its marketplace does not list is no orphan; empty where it is one.
std::string reason_to_spare(const StoredObject& image, const KnownMarket& market,
                            const std::set<ObjectId>& journalled) {
    if (journalled.contains(*image.app)) return "the driver is still at work with this app";
    if (market.elsewhere.contains(*image.app)) return "another marketplace has this app";
    if (image.time > market.since - kOrphanMargin)
        return "not older than the list of apps by an hour";
    // Apps get their ids in order: one behind the last may have come after the message was made.
    // The time of its file tells little: the file may have been brought, or restored.
    if (market.apps.empty() || *image.app > *market.apps.rbegin())
        return "perhaps newer than the list of apps, by its number";
    return "";
}

// A column; what is wider has a blank behind it all the same.
std::string padded(std::string text, size_t width) {
    text.append(text.size() < width ? width - text.size() : 1, ' ');
    return text;
}

std::string line_of(const StoredObject& object, KnownMarket::Time now) {
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - object.time);
    return padded(std::string(to_string(object.kind)), 11) +
           padded(object.app ? std::to_string(*object.app) : "-", 9) +
           padded(object.bytes ? size_in_words(*object.bytes) : "-", 12) +
           padded(span_in_words(age), 9) + one_line(object.name, 300);
}

// One that was found, and what became of it.
struct Removal {
    bool gone = false;
    std::string failure;
};

Removal remove(Inventory& inventory, const StoredObject& object, Context& context) {
    try {
        inventory.remove(object, context);
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::cancelled) throw;
        if (error.kind() != ErrorKind::not_found) return {false, error.what()};
    }
    return {true, ""};
}

JsonObject json_of(const StoredObject& object, KnownMarket::Time now) {
    JsonObject json;
    json.add("kind", to_string(object.kind)).add("name", object.name);
    json.add("app", object.app).add("bytes", object.bytes);
    if (!object.upload.empty()) json.add("upload", object.upload);
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - object.time);
    return json.add("time", to_iso_time(object.time)).add("age", age.count());
}

void print_json(const KnownMarket& market, const Sorted& sorted,
                const std::vector<Removal>& removals,
                const std::function<void(std::string_view)>& print, KnownMarket::Time now) {
    std::vector<std::string> orphans, spared;
    for (size_t i = 0; i < sorted.orphans.size(); ++i) {
        JsonObject orphan = json_of(sorted.orphans[i], now).add("removed", removals[i].gone);
        if (!removals[i].failure.empty()) orphan.add("failure", removals[i].failure);
        orphans.push_back(orphan.text());
    }
    for (const auto& [object, reason] : sorted.spared)
        spared.push_back(json_of(object, now).add("reason", reason).text());
    JsonObject json;
    json.add("market", market.id).add("list_since", to_iso_time(market.since));
    json.add_json("orphans", json_array(orphans)).add_json("spared", json_array(spared));
    print(json.add("others", sorted.others).text() + "\n");
}

}  // namespace

Sorted sort_objects(std::vector<StoredObject> objects, const KnownMarket& market,
                    const std::set<ObjectId>& journalled, const GcOptions& options,
                    KnownMarket::Time now) {
    Sorted sorted;
    for (StoredObject& object : objects) {
        if (object.kind == Kind::other) {
            ++sorted.others;
        } else if (object.kind == Kind::image) {
            if (market.apps.contains(*object.app)) continue;
            std::string reason = reason_to_spare(object, market, journalled);
            if (reason.empty())
                sorted.orphans.push_back(std::move(object));
            else
                sorted.spared.emplace_back(std::move(object), std::move(reason));
        } else if (object.kind == Kind::manifest && market.lists(*object.app)) {
            continue;  // all that is left of an app that should be there: verify tells
        } else {
            const auto least = object.kind == Kind::manifest ? kOrphanMargin : options.older;
            if (object.held || now - object.time < least || journalled.contains(*object.app))
                continue;
            sorted.orphans.push_back(std::move(object));
        }
    }
    return sorted;
}

int collect_garbage(Inventory& inventory, const KnownMarket& market,
                    const std::set<ObjectId>& journalled, const GcOptions& options,
                    const std::function<void(std::string_view)>& print, Context& context,
                    KnownMarket::Time now) {
    const Sorted sorted = sort_objects(inventory.list(context), market, journalled, options, now);
    const auto say = [&](const std::string& line) {
        if (!options.json) print(line + "\n");
    };
    if (!sorted.orphans.empty()) say("KIND       APP      SIZE        AGE      NAME");
    uint64_t bytes = 0;
    for (const StoredObject& object : sorted.orphans) {
        say(line_of(object, now));
        bytes += object.bytes.value_or(0);
    }
    for (const auto& [object, reason] : sorted.spared)
        say("left alone: " + one_line(object.name, 300) + ": " + reason);
    say(count_in_words(sorted.orphans.size(), "orphan", "orphans") + ", " + size_in_words(bytes) +
        (sorted.others == 0 ? ""
                            : "; not looked at: " + count_in_words(sorted.others, "file", "files") +
                                  " of somebody else's"));

    std::vector<Removal> removals(sorted.orphans.size());
    size_t left = sorted.orphans.size();
    for (size_t i = 0; options.remove && i < removals.size(); ++i) {
        const std::string name = one_line(sorted.orphans[i].name, 300);
        context.check();
        removals[i] = remove(inventory, sorted.orphans[i], context);
        context.progress();
        if (removals[i].gone) --left;
        say(removals[i].gone ? "removed " + name : "stays: " + name + ": " + removals[i].failure);
    }
    if (!options.remove && left > 0) say("nothing was removed: --delete does");
    if (options.json) print_json(market, sorted, removals, print, now);
    return left == 0 ? kAllWell : kFound;
}

}  // namespace onemarket
