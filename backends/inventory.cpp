// SPDX-License-Identifier: Apache-2.0
#include "backends/inventory.h"

namespace onemarket {

std::string_view to_string(StoredObject::Kind kind) {
    switch (kind) {
        case StoredObject::Kind::image:
            return "image";
        case StoredObject::Kind::manifest:
            return "manifest";
        case StoredObject::Kind::temporary:
            return "temporary";
        case StoredObject::Kind::upload:
            return "upload";
        case StoredObject::Kind::other:
            break;
    }
    return "other";
}

}  // namespace onemarket
