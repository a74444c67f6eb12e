// SPDX-License-Identifier: MIT
// Value data on its way between the registry and a driver: in pool, because frames below a call into a driver (or below
// a fault on its pointer) own no heap memory.
#pragma once

#include "ex/pool.h"
#include "ke/exception.h"

#include <cstring>
#include <span>
#include <string_view>

namespace ringside::cm {

class PoolBytes {
public:
    // Zeroed; `ok()` is false when pool is empty.
    explicit PoolBytes(size_t bytes)
        : m_bytes(bytes)
        , m_block(static_cast<uint8_t*>(ex::allocate(nt::PagedPool, bytes ? bytes : 1, kTag, ex::Owner::Kernel, true)))
    {
    }
    ~PoolBytes()
    {
        if (m_block)
            ex::free(m_block, kTag);
    }
    PoolBytes(PoolBytes const&) = delete;
    PoolBytes& operator=(PoolBytes const&) = delete;
    bool ok() const { return m_block; }
    uint8_t* data() const { return m_block; }
    size_t size() const { return m_bytes; }
    std::span<uint8_t const> span() const { return { m_block, m_bytes }; }
    std::u16string_view text() const { return { reinterpret_cast<char16_t const*>(m_block), m_bytes / 2 }; }

private:
    static constexpr uint32_t kTag = 'aDmC'; // "CmDa"
    size_t m_bytes;
    uint8_t* m_block;
};

// What a driver's pointer points at, copied once.
class DriverData : public PoolBytes {
public:
    DriverData(void const* from, size_t bytes)
        : PoolBytes(bytes)
    {
        if (ok() && bytes)
            ke::copy_or_raise(data(), from, bytes);
    }
};

// A string's characters, copied to pool.
class PoolText : public PoolBytes {
public:
    explicit PoolText(std::u16string_view text)
        : PoolBytes(text.size() * sizeof(char16_t))
    {
        if (ok() && !text.empty())
            std::memcpy(data(), text.data(), size());
    }
};

} // namespace ringside::cm
