// SPDX-License-Identifier: MIT
#include "fs/contents.h"

#include "nt/nt.h"

#include <algorithm>
#include <cstring>

namespace ringside::fs {

using namespace nt;

int32_t status_of(sim::HostError error)
{
    switch (error) {
    case sim::HostError::None:
        return STATUS_SUCCESS;
    case sim::HostError::NotFound:
        return STATUS_OBJECT_NAME_NOT_FOUND;
    case sim::HostError::Exists:
        return STATUS_OBJECT_NAME_COLLISION;
    case sim::HostError::NotEmpty:
        return STATUS_DIRECTORY_NOT_EMPTY;
    case sim::HostError::Denied:
        return STATUS_ACCESS_DENIED;
    case sim::HostError::NoRoom:
        return STATUS_DISK_FULL;
    case sim::HostError::NotPlain:
        return STATUS_IO_REPARSE_TAG_NOT_HANDLED;
    case sim::HostError::TooLong:
        return STATUS_OBJECT_NAME_INVALID;
    case sim::HostError::Failed:
        break;
    }
    return STATUS_UNEXPECTED_IO_ERROR;
}

namespace {

Result<void> told(sim::HostError error)
{
    if (error != sim::HostError::None)
        return Failure { status_of(error) };
    return {};
}

} // namespace

Result<void> Contents::read_base(uint64_t at, std::span<std::byte> into) const
{
    size_t const here = at < m_base_size ? static_cast<size_t>(std::min<uint64_t>(into.size(), m_base_size - at)) : 0;
    if (here)
        TRY(m_file ? told(m_file->read(at, into.first(here))) : Result<void>(Failure { STATUS_UNEXPECTED_IO_ERROR }));
    std::fill(into.begin() + static_cast<std::ptrdiff_t>(here), into.end(), std::byte { 0 });
    return {};
}

Result<void> Contents::read(uint64_t at, std::span<std::byte> into) const
{
    while (!into.empty()) {
        uint64_t const number = at / kPageBytes;
        size_t const offset = at % kPageBytes;
        size_t const piece = std::min<size_t>(into.size(), kPageBytes - offset);
        auto const found = m_pages.find(number);
        if (found != m_pages.end())
            std::memcpy(into.data(), found->second->data() + offset, piece);
        else
            TRY(read_base(at, into.first(piece)));
        at += piece;
        into = into.subspan(piece);
    }
    return {};
}

Result<Contents::Page*> Contents::page(uint64_t number, Room& room)
{
    room.pages_left += std::exchange(m_released, 0);
    if (auto const found = m_pages.find(number); found != m_pages.end())
        return found->second.get();
    if (!room.pages_left)
        return Failure { STATUS_DISK_FULL };
    auto made = std::make_unique<Page>();
    TRY(read_base(number * kPageBytes, *made));
    --room.pages_left;
    return m_pages.emplace(number, std::move(made)).first->second.get();
}

Result<void> Contents::write(uint64_t at, std::span<std::byte const> bytes, Room& room)
{
    if (m_through) {
        if (!m_file)
            return Failure { STATUS_UNEXPECTED_IO_ERROR };
        return told(m_file->write(at, bytes));
    }
    while (!bytes.empty()) {
        size_t const offset = at % kPageBytes;
        size_t const piece = std::min<size_t>(bytes.size(), kPageBytes - offset);
        Page* const into = TRY(page(at / kPageBytes, room));
        std::memcpy(into->data() + offset, bytes.data(), piece);
        at += piece;
        bytes = bytes.subspan(piece);
    }
    return {};
}

Result<void> Contents::resize(uint64_t bytes)
{
    if (m_through) {
        if (!m_file)
            return Failure { STATUS_UNEXPECTED_IO_ERROR };
        TRY(told(m_file->resize(bytes)));
        m_size = m_base_size = bytes;
        return {};
    }
    if (bytes < m_size) {
        m_base_size = std::min(m_base_size, bytes);
        // What is cut off must read as zero when the file grows again.
        uint64_t const first_gone = (bytes + kPageBytes - 1) / kPageBytes;
        for (auto it = m_pages.lower_bound(first_gone); it != m_pages.end(); it = m_pages.erase(it))
            ++m_released;
        if (bytes % kPageBytes)
            if (auto const last = m_pages.find(bytes / kPageBytes); last != m_pages.end())
                std::fill(last->second->begin() + static_cast<std::ptrdiff_t>(bytes % kPageBytes), last->second->end(),
                          std::byte { 0 });
    }
    m_size = bytes;
    return {};
}

void Contents::release(Room& room)
{
    room.pages_left += m_pages.size() + m_released;
    m_pages.clear();
    m_released = 0;
}

} // namespace ringside::fs
