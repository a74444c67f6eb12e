// SPDX-License-Identifier: MIT
// Writes an information structure into a caller's buffer, with the length rules that query services share.
#pragma once

#include "ob/capture.h"

namespace ringside::ps {

// A class of fixed size. STATUS_INFO_LENGTH_MISMATCH when the buffer has another size.
template <typename T>
nt::NTSTATUS answer(T const& value, nt::PVOID into, nt::ULONG length, nt::ULONG* return_length)
{
    if (return_length)
        ob::put(return_length, static_cast<nt::ULONG>(sizeof value));
    if (length != sizeof value)
        return nt::STATUS_INFO_LENGTH_MISMATCH;
    ob::put(static_cast<T*>(into), value);
    return nt::STATUS_SUCCESS;
}

// The same for what is set.
template <typename T>
nt::NTSTATUS take(T& value, nt::PVOID from, nt::ULONG length)
{
    if (length != sizeof value)
        return nt::STATUS_INFO_LENGTH_MISMATCH;
    value = ob::get(static_cast<T*>(from));
    return nt::STATUS_SUCCESS;
}

// A class of any size: counts what it would write, and writes what fits.
class Writer {
public:
    Writer(nt::PVOID into, size_t length)
        : m_into(static_cast<uint8_t*>(into))
        , m_length(length)
    {
    }
    template <typename T>
    void put(T const& value)
    {
        write(&value, sizeof value);
    }
    void write(void const* bytes, size_t count)
    {
        if (m_at + count <= m_length)
            ke::copy_or_raise(m_into + m_at, bytes, count);
        m_at += count;
    }
    void round_up(size_t to) { m_at = (m_at + to - 1) / to * to; }
    // Where the next byte goes, in the caller's eyes.
    uint8_t* here() const { return m_into + m_at; }
    size_t at() const { return m_at; }
    nt::NTSTATUS finish(nt::ULONG* return_length) const
    {
        if (return_length)
            ob::put(return_length, static_cast<nt::ULONG>(m_at));
        return m_at <= m_length ? nt::STATUS_SUCCESS : nt::STATUS_INFO_LENGTH_MISMATCH;
    }

private:
    uint8_t* m_into;
    size_t m_length;
    size_t m_at = 0;
};

} // namespace ringside::ps
