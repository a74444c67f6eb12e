// SPDX-License-Identifier: MIT
// Memory that outlives a kernel soft reboot: what is reserved for the next boot, and what the last one left.
#include "io_stage.h"

#include "io/ksr_memory.h"
#include "rtl/strings.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

// A driver that the boot before left two blocks: "left", and "tagged" under tag 5, version 2.
struct Heir : Stage {
    explicit Heir(At& at)
        : Stage(at)
        , memory(at.rooms().io.ksr_memory())
    {
        memory.inherited.push_back({ { "sample", u"\\Device\\Sample" }, { 'l', 'e', 'f', 't' } });
        memory.inherited.push_back({ { "sample", u"\\Device\\Sample", 5, 2 }, { 't', 'a', 'g', 'g', 'e', 'd' } });
        memory.inherited.push_back({ { "other", u"\\Device\\Sample" }, { 'n', 'o' } });
    }
    io::KsrMemory& memory;
};

struct Told {
    unsigned calls = 0;
    ULONG versions = 0;
    NTSTATUS answer = STATUS_SUCCESS;
};

NTAPI NTSTATUS told(DRIVER_OBJECT*, DEVICE_OBJECT*, UNICODE_STRING* id, USHORT*, ULONG* version, void* context)
{
    auto& seen = *static_cast<Told*>(context);
    ++seen.calls;
    seen.versions += *version;
    EXPECT_EQ(rtl::view(*id), u"\\Device\\Sample");
    return seen.answer;
}

} // namespace

SAMPLE(IoReserveKsrPersistentMemory)
{
    Stage stage(at);
    auto& handle = at.object<void*>();
    at.status(STATUS_SUCCESS, stage.driver, stage.device, 64, 0u, &handle);
    ASSERT_TRUE(handle);
    EXPECT_EQ(at.rooms().io.ksr_memory().find(handle)->size, 64u);
    at.status(STATUS_OBJECT_NAME_COLLISION, stage.driver, stage.device, 64, 0u, &handle);
    at.status(STATUS_SUCCESS, stage.driver, nullptr, 64, 0u, &handle);
    at.status(STATUS_INVALID_PARAMETER, stage.driver, stage.device, 0, 0u, &handle);
    at.status(STATUS_NOT_SUPPORTED, stage.driver, stage.device, 64, 1u, &handle);
    at.status(STATUS_INVALID_PARAMETER, &at.object<DRIVER_OBJECT>(), stage.device, 64, 0u, &handle);
}

SAMPLE(IoReserveKsrPersistentMemoryEx)
{
    Stage stage(at);
    auto& handle = at.object<void*>();
    auto& tag = at.object<USHORT>();
    tag = 5;
    at.status(STATUS_SUCCESS, stage.driver, nullptr, &at.string(u"ID\\1"), &tag, 2u, 64, 0u, &handle);
    io::KsrMemory::Reserved const* block = at.rooms().io.ksr_memory().find(handle);
    ASSERT_TRUE(block);
    EXPECT_EQ(block->key, (io::KsrKey { "sample", u"ID\\1", 5, 2 }));
    at.status(STATUS_SUCCESS, stage.driver, nullptr, &at.string(u"ID\\1"), &tag, 3u, 64, 0u, &handle);
    at.status(STATUS_OBJECT_NAME_COLLISION, stage.driver, nullptr, &at.string(u"ID\\1"), &tag, 3u, 64, 0u, &handle);
}

SAMPLE(IoWriteKsrPersistentMemory)
{
    Stage stage(at);
    void* handle = nullptr;
    EXPECT_EQ(io::IoReserveKsrPersistentMemory(stage.driver, stage.device, 4, 0, &handle), STATUS_SUCCESS);
    auto* bytes = static_cast<uint8_t*>(at.bytes(8));
    bytes[2] = 7;
    at.status(STATUS_SUCCESS, handle, bytes, 3);
    auto const written = at.rooms().io.ksr_memory().written();
    ASSERT_EQ(written.size(), 1u);
    EXPECT_EQ(written[0].bytes, (std::vector<uint8_t> { 0, 0, 7 }));
    at.status(STATUS_INVALID_PARAMETER, handle, bytes, 5);
    at.status(STATUS_INVALID_PARAMETER, bytes, bytes, 1);
}

SAMPLE(IoFreeKsrPersistentMemory)
{
    Stage stage(at);
    void* handle = nullptr;
    EXPECT_EQ(io::IoReserveKsrPersistentMemory(stage.driver, stage.device, 4, 0, &handle), STATUS_SUCCESS);
    at.status(STATUS_SUCCESS, handle);
    EXPECT_TRUE(at.rooms().io.ksr_memory().reserved.empty());
    at.status(STATUS_INVALID_PARAMETER, handle);
}

SAMPLE(IoQueryKsrPersistentMemorySize)
{
    Heir heir(at);
    auto& size = at.object<SIZE_T>();
    at.status(STATUS_SUCCESS, heir.driver, heir.device, &size);
    EXPECT_EQ(size, 4u);
    at.status(STATUS_NOT_FOUND, heir.driver, nullptr, &size);
    at.status(STATUS_INVALID_PARAMETER, &at.object<DRIVER_OBJECT>(), heir.device, &size);
}

SAMPLE(IoQueryKsrPersistentMemorySizeEx)
{
    Heir heir(at);
    auto& size = at.object<SIZE_T>();
    auto& tag = at.object<USHORT>();
    tag = 5;
    at.status(STATUS_SUCCESS, heir.driver, nullptr, &at.string(u"\\Device\\Sample"), &tag, 2u, &size);
    EXPECT_EQ(size, 6u);
    at.status(STATUS_NOT_FOUND, heir.driver, heir.device, nullptr, &tag, 1u, &size);
}

SAMPLE(IoAcquireKsrPersistentMemory)
{
    Heir heir(at);
    auto& size = at.object<SIZE_T>();
    auto* bytes = static_cast<char*>(at.bytes(16));
    size = 3;
    at.status(STATUS_BUFFER_TOO_SMALL, heir.driver, heir.device, bytes, &size);
    EXPECT_EQ(size, 4u);
    at.status(STATUS_SUCCESS, heir.driver, heir.device, bytes, &size);
    EXPECT_EQ(std::string(bytes), "left");
    at.status(STATUS_NOT_FOUND, heir.driver, heir.device, bytes, &size);
}

SAMPLE(IoAcquireKsrPersistentMemoryEx)
{
    Heir heir(at);
    auto& size = at.object<SIZE_T>();
    auto& tag = at.object<USHORT>();
    auto* bytes = static_cast<char*>(at.bytes(16));
    tag = 5;
    size = 16;
    at.status(STATUS_SUCCESS, heir.driver, heir.device, nullptr, &tag, 2u, bytes, &size);
    EXPECT_EQ(std::string(bytes), "tagged");
    EXPECT_EQ(size, 6u);
    EXPECT_EQ(heir.memory.inherited.size(), 2u);
}

SAMPLE(IoEnumerateKsrPersistentMemoryEx)
{
    Heir heir(at);
    auto& seen = at.object<Told>();
    at.status(STATUS_SUCCESS, heir.driver, heir.device, nullptr, &told, &seen);
    EXPECT_EQ(seen.calls, 2u);
    EXPECT_EQ(seen.versions, 2u);
    at.status(STATUS_SUCCESS, heir.driver, nullptr, nullptr, &told, &seen);
    EXPECT_EQ(seen.calls, 4u);
    at.status(STATUS_SUCCESS, heir.driver, nullptr, &at.string(u"nothing"), &told, &seen);
    EXPECT_EQ(seen.calls, 4u);
    seen.answer = STATUS_UNSUCCESSFUL;
    at.status(STATUS_UNSUCCESSFUL, heir.driver, heir.device, nullptr, &told, &seen);
    EXPECT_EQ(seen.calls, 5u);
}
