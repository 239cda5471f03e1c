// SPDX-License-Identifier: Apache-2.0
#include "tests/support/archives.h"

namespace onemarket::test {
namespace {

constexpr const char* kTar = R"(
import io, sys, tarfile
from tarfile import REGTYPE as FILE, DIRTYPE as FOLDER, FIFOTYPE as FIFO, CHRTYPE as DEVICE
out = tarfile.open(fileobj=sys.stdout.buffer, mode='w|', format=tarfile.PAX_FORMAT)
def add(name, content=b'', type=FILE, **attributes):
    info = tarfile.TarInfo(name)
    info.type, info.size, info.mtime = type, len(content), 1000000000
    info.mode = 0o755 if type == FOLDER else 0o644
    for key, value in attributes.items():
        setattr(info, key, value)
    out.addfile(info, io.BytesIO(content))
def symlink(name, to):
    add(name, type=tarfile.SYMTYPE, linkname=to)
def hardlink(name, to):
    add(name, type=tarfile.LNKTYPE, linkname=to)
)";

constexpr const char* kZip = R"(
import io, sys, zipfile
class Pipe(io.RawIOBase):
    def writable(self): return True
    def write(self, data): return sys.stdout.buffer.write(data)
memory = io.BytesIO()
out = zipfile.ZipFile(memory if SEEKABLE else Pipe(), 'w')
def add(name, content=b'', **attributes):
    info = zipfile.ZipInfo(name, (2001, 9, 9, 1, 46, 40))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    for key, value in attributes.items():
        setattr(info, key, value)
    out.writestr(info, content)
)";

std::string output_of_python(const std::string& script) {
    const TempDir dir;
    write_file(dir / "script.py", script);
    return output_of("python3 '" + (dir / "script.py") + "'");
}

}  // namespace

bool has_packer(const std::string& program) {
    return output_of("command -v " + program + " || echo none") != "none\n";
}

std::string packed(const std::string& program, const std::string& content) {
    const TempDir dir;
    write_file(dir / "content", content);
    return output_of(program + " -c < '" + (dir / "content") + "'");
}

std::string tar_of(const std::string& script) {
    return output_of_python(kTar + script + "\nout.close()\n");
}

std::string zip_of(const std::string& script, bool seekable) {
    return output_of_python((seekable ? "SEEKABLE = True" : "SEEKABLE = False") +
                            std::string(kZip) + script +
                            "\nout.close()\nsys.stdout.buffer.write(memory.getvalue())\n");
}

}  // namespace onemarket::test
