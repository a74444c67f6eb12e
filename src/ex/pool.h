// SPDX-License-Identifier: MIT
// Pool: what ExAllocatePool* and the rooms above take memory from. Blocks stand in the direct map, so every block has
// a physical address. Each block has a record beside it (tag, size, type, number, caller), so that a driver that runs
// over its end cannot hide the leak.
//
//   slab page   | header | block | header | block | ...      blocks of one size class, up to 4080 bytes
//   page run    | block ...                       | slack |  larger blocks, page aligned
//
// The 16-byte header has Windows' tag where Windows has it and two guard words; nothing is ever decided by it, but a
// guard word that changed is bug check 0x19 (BAD_POOL_HEADER) when the block or its predecessor is freed.
#pragma once

#include "nt/nt.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace ringside::ex {

// `Driver` blocks count in the leak check; the kernel's own do not. Null when pool is empty. 16-byte aligned; a request
// of a page or more is page aligned. Zeroed only when asked. Zero bytes give a block of the smallest size.
enum class Owner : uint8_t { Kernel, Driver };
void* allocate(nt::POOL_TYPE type, size_t bytes, uint32_t tag, Owner owner, bool zero);
// A pointer that is no live block: bug check 0xC2 (BAD_POOL_CALLER) as documented. The tag matters only for blocks
// whose own tag has the PROTECTED_POOL bit, as on Windows.
// From the host's stack, where nothing can end the machine any more, a block that is not in order is left where it is.
void free(void* block, uint32_t tag);
bool is_block(void const* block);

struct Block {
    void* address;
    size_t bytes;
    uint32_t tag;
    uint32_t number; // of birth
    nt::POOL_TYPE type;
    Owner owner;
    uint64_t caller; // return address in the driver, 0: the kernel
};
// The live block that starts at the address.
std::optional<Block> find_block(void const* block);
// The live block that the address lies in.
std::optional<Block> block_around(void const* address);
// Live blocks in order of birth.
void for_each_block(void (*visit)(void* context, Block const& block), void* context);
// Live blocks that somebody wrote behind or whose header somebody overwrote, in order of birth: what freeing them in the
// machine would end it for. Of a block that was run over, the one before it is told.
void for_each_damaged_block(void (*visit)(void* context, Block const& block), void* context);
size_t driver_blocks();
size_t driver_bytes();

} // namespace ringside::ex
