// SPDX-License-Identifier: MIT
// Writes the few machine instructions that trampolines are made of.
#pragma once

#include "base/check.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <span>

namespace ringside::ldr {

class CodeBuffer {
public:
    // The code will stand at this address.
    explicit CodeBuffer(uintptr_t address) : m_address(address) {}

    uintptr_t here() const { return m_address + m_size; }
    std::span<uint8_t const> code() const { return { m_bytes.data(), m_size }; }

    void bytes(std::span<uint8_t const> code)
    {
        CHECK(m_size + code.size() <= m_bytes.size(), "a trampoline is larger than planned");
        std::memcpy(m_bytes.data() + m_size, code.data(), code.size());
        m_size += code.size();
    }
    void bytes(std::initializer_list<uint8_t> code) { bytes(std::span(code.begin(), code.size())); }
    template <typename T>
    void value(T value)
    {
        bytes(std::span(reinterpret_cast<uint8_t const*>(&value), sizeof value));
    }

    // No flag and no register changes.
    void jump(uintptr_t to)
    {
        auto const distance = static_cast<int64_t>(to - (here() + 5));
        if (distance == static_cast<int32_t>(distance)) {
            bytes({ 0xE9 });
            value(static_cast<int32_t>(distance));
        } else
            jump_far(to);
    }
    void jump_far(uintptr_t to)
    {
        bytes({ 0xFF, 0x25, 0, 0, 0, 0 });
        value(static_cast<uint64_t>(to));
    }
    // Neither flag nor register changes: the stack takes the value in two halves.
    void push(uint64_t word)
    {
        bytes({ 0x68 });
        value(static_cast<uint32_t>(word));
        bytes({ 0xC7, 0x44, 0x24, 0x04 });
        value(static_cast<uint32_t>(word >> 32));
    }
    // movzx reg, byte gs:[offset]
    void load_byte_from_region(unsigned reg, uint32_t offset)
    {
        bytes({ 0x65, static_cast<uint8_t>(0x48 | (reg >= 8 ? 4 : 0)), 0x0F, 0xB6,
                static_cast<uint8_t>(0x04 | (reg & 7) << 3), 0x25 });
        value(offset);
    }
    // mov byte gs:[offset], reg
    void store_byte_to_region(uint32_t offset, unsigned reg)
    {
        bytes({ 0x65, static_cast<uint8_t>(0x40 | (reg >= 8 ? 4 : 0)), 0x88,
                static_cast<uint8_t>(0x04 | (reg & 7) << 3), 0x25 });
        value(offset);
    }

private:
    uintptr_t m_address;
    size_t m_size = 0;
    std::array<uint8_t, 160> m_bytes {};
};

} // namespace ringside::ldr
