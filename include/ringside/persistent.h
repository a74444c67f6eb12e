// SPDX-License-Identifier: MIT
// What a kernel soft reboot leaves: memory that drivers wrote into for their next boot (IoWriteKsrPersistentMemory).
//
//     auto kept = machine.soft_reboot();              // shuts down; drivers are unloaded as at any end
//     machine.finish();
//     ...
//     Machine next({ .persistent = kept });           // the same driver finds its memory there
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ringside {

struct PersistentMemory {
    std::string service;   // the driver's
    std::string device_id; // or the device's name
    uint16_t tag = 0;
    uint32_t version = 0;
    std::vector<std::byte> bytes;
};

} // namespace ringside
