// SPDX-License-Identifier: Apache-2.0
// A file in the place of one that is there: nothing is seen of it before it is whole.
#pragma once

#include <string>

#include "backends/io/file_writer.h"
#include "backends/io/stream.h"

namespace onemarket {

// A file that appears under its name with publish(), in the place of one that is there. Until then
// it has no name where the file system allows that, so that not even a kill leaves anything.
class NewFile {
  public:
    // With the mode, the owner and the attributes of the one that is there. A link at the path is
    // followed. `in_between`: what is added to its name for the moment before it has that; what a
    // kill has left there goes. Empty: a name of no meaning.
    explicit NewFile(const std::string& path, const std::string& in_between = "");
    // With those of the file `model`, in the place of whatever has the path: a link is not
    // followed, whenever it comes. For a folder of somebody else's.
    static NewFile like(const std::string& model, const std::string& path);
    ~NewFile();
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;

    Sink& sink() { return file_; }
    // What of that file could not be given to this one: its owner, its ACL, and so on; empty:
    // nothing.
    const std::string& lost() const { return lost_; }
    void publish();

  private:
    // `name` begins errors. Without another model it is what has the path.
    NewFile(const std::string& name, const std::string& path, const std::string* another,
            const std::string& in_between);

    std::string path_;
    std::string in_between_;  // the whole path
    std::string temporary_;   // empty: it has no name
    std::string lost_;
    unsigned mode_ = 0;
    FileWriter file_;
};

}  // namespace onemarket
