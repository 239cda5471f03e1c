// SPDX-License-Identifier: Apache-2.0
// An image as onemarket-downloader gives it: of the same location, by another process.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backends/image_source.h"
#include "backends/io/subprocess.h"

namespace onemarket::test {

class ProgramSource : public ImageSource {
  public:
    using Hook = std::function<void()>;

    // `after_first` is called when the first bytes have come; most are then still to be read.
    ProgramSource(ImageFacts facts, std::vector<std::string> environment, Hook after_first)
        : ImageSource(std::move(facts)),
          environment_(std::move(environment)),
          after_first_(std::move(after_first)) {}

    std::unique_ptr<Reader> open(Context&) override {
        Command command;
        command.argv = {ONEMARKET_DOWNLOADER, "-n", "-o", "--", facts().location, "-"};
        command.environment = environment_;
        command.directory = "/";
        return std::make_unique<Output>(std::move(command), after_first_);
    }

  private:
    // Only the exit status tells the end of the image from that of the program.
    class Output : public Reader {
      public:
        Output(Command command, Hook after_first)
            : after_first_(std::move(after_first)), process_(listening(std::move(command))) {}

        Piece read(std::span<std::byte> buffer, Context& context) override {
            const size_t got = process_.read(buffer, context);
            if (got > 0) {
                if (const Hook hook = std::exchange(after_first_, {})) hook();
                return {got, false};
            }
            const ExitStatus status = process_.wait(context);
            if (!status.success())
                throw Error(ErrorKind::unavailable, to_string(status) + ": " + words_);
            return {};
        }

      private:
        Command listening(Command command) {
            command.on_stderr_line = [this](std::string_view line) { words_ += line; };
            return command;
        }

        Hook after_first_;
        std::string words_;
        Subprocess process_;
    };

    std::vector<std::string> environment_;
    Hook after_first_;
};

}  // namespace onemarket::test
