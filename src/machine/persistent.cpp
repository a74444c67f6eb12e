// SPDX-License-Identifier: MIT
// A kernel soft reboot, seen from outside: the memory that one machine leaves and the next one finds.
#include "machine/state.h"
#include "rtl/multi_byte.h"

namespace ringside {

namespace machine {

void inherit(io::KsrMemory& memory, std::vector<PersistentMemory> const& blocks)
{
    for (PersistentMemory const& block : blocks) {
        auto const* bytes = reinterpret_cast<uint8_t const*>(block.bytes.data());
        memory.inherited.push_back({ { block.service, rtl::utf16(block.device_id), block.tag, block.version },
                                     { bytes, bytes + block.bytes.size() } });
    }
}

} // namespace machine

std::vector<PersistentMemory> Machine::soft_reboot()
{
    shutdown();
    std::vector<PersistentMemory> left;
    for (io::KsrBlock const& block : m_state->rooms->io.ksr_memory().written()) {
        auto const* bytes = reinterpret_cast<std::byte const*>(block.bytes.data());
        left.push_back({ block.key.service,
                         rtl::utf8(block.key.device_id),
                         block.key.tag,
                         block.key.version,
                         { bytes, bytes + block.bytes.size() } });
    }
    return left;
}

} // namespace ringside
