// SPDX-License-Identifier: Apache-2.0
// onemarketctl decode.
#include <cstdlib>
#include <memory>
#include <sstream>

#include "daemon/ctl/commands/commands.h"
#include "daemon/ctl/commands/common.h"
#include "daemon/ctl/decoder.h"
#include "protocol/reply.h"

namespace onemarket {

void add_decode(CLI::App& app, int& status) {
    struct Arguments {
        std::string file;
        bool raw = false;
    };
    const auto given = std::make_shared<Arguments>();
    CLI::App* command =
        app.add_subcommand("decode", "Show lines of the protocol with their base64 decoded");
    command->add_option("FILE", given->file, kMessageHelp)->required();
    command->add_flag("--raw", given->raw, kRawHelp);
    command->callback([&status, given] {
        std::istringstream lines(read_input(given->file));
        const Lists lists = given->raw ? Lists::raw : Lists::unfolded;
        for (std::string line; std::getline(lines, line);)
            print(safe_lines(decode_line(line, lists)) + "\n");
        status = EXIT_SUCCESS;
    });
}

}  // namespace onemarket
