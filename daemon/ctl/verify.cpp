// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/verify.h"

#include <algorithm>
#include <map>

#include "backends/examination.h"
#include "backends/io/folder.h"
#include "backends/io/json.h"
#include "daemon/ctl/gc.h"
#include "daemon/words.h"
#include "protocol/reply.h"

namespace onemarket {
namespace {

using Kind = StoredObject::Kind;

enum class State { ok, corrupt, lost, unreadable, not_ours, no_manifest, gone };

std::string_view to_string(State state) {
    switch (state) {
        case State::ok:
            return "ok";
        case State::corrupt:
            return "corrupt";
        case State::lost:
            return "lost";
        case State::not_ours:
            return "not ours";
        case State::unreadable:
            return "unreadable";
        case State::no_manifest:
            return "no manifest";
        case State::gone:
            break;
    }
    return "gone";
}

struct Verdict {
    State state = State::ok;
    std::string reason;
};

class Verification {
  public:
    Verification(const std::function<std::unique_ptr<Inventory>()>& open,
                 const VerifyOutput& output, Context& context)
        : open_(open), inventory_(open()), output_(output), context_(context) {}

    std::vector<StoredObject> list() { return inventory_->list(context_); }

    Verdict examine(const StoredObject& image) {
        context_.progress();
        try {
            return compare(image);
        } catch (const Error& error) {
            if (error.kind() == ErrorKind::cancelled) throw;
            // The conversation is in the middle of something.
            inventory_ = open_();
            if (error.kind() == ErrorKind::not_found) return {State::gone, ""};
            return {error.kind() == ErrorKind::corrupt ? State::corrupt : State::unreadable,
                    error.what()};
        }
    }

  private:
    Verdict compare(const StoredObject& image) {
        const std::optional<Manifest> manifest = inventory_->manifest(image, context_);
        if (!manifest && inventory_->is_foreign(image, context_))
            return {State::not_ours, "it bears no mark of this driver"};
        if (!manifest) return {State::no_manifest, ""};
        if (manifest->app != image.app)
            return {State::corrupt,
                    "its manifest is that of app " + std::to_string(manifest->app.value_or(-1))};
        const std::unique_ptr<Reader> reader = inventory_->open(image, context_);
        std::string reason = differences(
            *manifest, *reader, [&](uint64_t bytes) { tell(image, bytes); }, context_);
        return {reason.empty() ? State::ok : State::corrupt, std::move(reason)};
    }

    void tell(const StoredObject& image, uint64_t bytes) {
        const auto now = Context::Clock::now();
        if (!output_.progress || now - told_ < std::chrono::milliseconds(500)) return;
        told_ = now;
        output_.progress(image.name + ": " + size_in_words(bytes) + " of " +
                         size_in_words(image.bytes.value_or(0)));
    }

    const std::function<std::unique_ptr<Inventory>()>& open_;
    std::unique_ptr<Inventory> inventory_;
    const VerifyOutput& output_;
    Context& context_;
    Context::Clock::time_point told_{};
};

// The results, as lines for people or as one document for programs.
class VerifyReport {
  public:
    VerifyReport(const KnownMarket& market, const VerifyOutput& output)
        : market_(market.id), output_(output) {}

    void add(const StoredObject& image, const Verdict& verdict) {
        ++counts_[verdict.state];
        const std::string state(to_string(verdict.state));
        if (!output_.json) {
            std::string line = state;
            line.resize(std::max<size_t>(line.size() + 1, 12), ' ');
            line += image.name + " (app " + std::to_string(*image.app) + ", " +
                    (image.bytes ? size_in_words(*image.bytes) : "-") + ")";
            output_.print(line + (verdict.reason.empty() ? "" : ": " + one_line(verdict.reason)) +
                          "\n");
            return;
        }
        JsonObject json;
        json.add("name", image.name).add("app", image.app);
        json.add("bytes", image.bytes.value_or(0)).add("state", state);
        if (!verdict.reason.empty()) json.add("reason", verdict.reason);
        images_.push_back(json.text());
    }

    // Lists the apps that have no image, and the manifests that have none.
    void finish(const std::vector<ObjectId>& without_image,
                const std::vector<std::string>& lost_manifests) {
        if (output_.json) return finish_json(without_image, lost_manifests);
        for (const std::string& name : lost_manifests)
            output_.print("no image    " + one_line(name, 300) + " is a manifest by itself\n");
        for (const ObjectId app : without_image)
            output_.print("no image    app " + std::to_string(app) +
                          ": a template has none, an import under way not yet; "
                          "or it is of the stock driver, which is not looked at\n");
        std::string summary;
        for (const auto& [state, count] : counts_)
            summary += (summary.empty() ? "" : ", ") + std::to_string(count) + " " +
                       std::string(to_string(state));
        output_.print((summary.empty() ? "no images" : summary) + "\n");
    }

    bool all_well() const {
        for (const State state : {State::corrupt, State::lost, State::unreadable, State::not_ours})
            if (counts_.contains(state)) return false;
        return true;
    }

  private:
    void finish_json(const std::vector<ObjectId>& without_image,
                     const std::vector<std::string>& lost_manifests) {
        std::vector<std::string> apps, manifests;
        for (const ObjectId app : without_image) apps.push_back(std::to_string(app));
        for (const std::string& name : lost_manifests) manifests.push_back(to_json(name));
        JsonObject json;
        json.add("market", market_).add_json("images", json_array(images_));
        json.add_json("apps_without_image", json_array(apps));
        json.add_json("manifests_without_image", json_array(manifests));
        output_.print(json.text() + "\n");
    }

    ObjectId market_;
    const VerifyOutput& output_;
    std::map<State, size_t> counts_;
    std::vector<std::string> images_;  // as JSON
};

}  // namespace

int verify(const std::function<std::unique_ptr<Inventory>()>& open, const KnownMarket& market,
           const VerifyOutput& output, Context& context, KnownMarket::Time now) {
    Verification verification(open, output, context);
    VerifyReport report(market, output);
    std::set<ObjectId> with_image;
    std::vector<StoredObject> manifests;
    for (const StoredObject& object : verification.list()) {
        if (object.kind == Kind::manifest) manifests.push_back(object);
        if (object.kind != Kind::image) continue;
        const Verdict verdict = verification.examine(object);
        if (verdict.state != State::gone) with_image.insert(*object.app);
        report.add(object, verdict);
    }
    std::vector<std::string> lone_manifests;
    for (StoredObject& object : manifests) {
        lone_manifests.push_back(object.name);
        // An image that is being imported comes just behind its manifest.
        if (!market.apps.contains(*object.app) || with_image.contains(*object.app) ||
            now - object.time < kOrphanMargin)
            continue;
        lone_manifests.pop_back();
        object.name = image_of_manifest(object.name);
        object.bytes.reset();
        with_image.insert(*object.app);  // it has been told
        report.add(object, {State::lost, "its manifest is there"});
    }
    std::vector<ObjectId> without_image;
    std::set_difference(market.apps.begin(), market.apps.end(), with_image.begin(),
                        with_image.end(), std::back_inserter(without_image));
    report.finish(without_image, lone_manifests);
    return report.all_well() ? kAllWell : kFound;
}

}  // namespace onemarket
