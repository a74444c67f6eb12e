// SPDX-License-Identifier: MIT
// What a client gets from WMI: instances of blocks, with names and bytes. Machine has the calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ringside {

struct WmiInstance {
    std::string name;
    std::vector<std::byte> bytes;
};

struct WmiReply {
    int32_t status = 0; // STATUS_PENDING: a provider has not completed the request
    std::vector<WmiInstance> instances;
    bool ok() const { return status >= 0 && status != 0x103; }
};

} // namespace ringside
