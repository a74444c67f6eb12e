// SPDX-License-Identifier: MIT
// Error codes, resource descriptors, correlation vectors, images, and what the system says about itself.
#include "contract.h"

#include "rtl/correlation_vector.h"
#include "rtl/resource_encoding.h"
#include "rtl/system_state.h"

#include <cstring>
#include <string_view>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;
using namespace ringside::rtl;

namespace {

constexpr ULONGLONG kGiB = 1ull << 30;

CORRELATION_VECTOR& vector_of(At& at, char const* text)
{
    auto& vector = at.object<CORRELATION_VECTOR>();
    vector.Version = 2;
    std::strcpy(vector.Vector, text);
    return vector;
}

// Headers of a 64-bit image with one section and an export directory of two names.
char* image(At& at)
{
    auto* bytes = static_cast<char*>(at.bytes(8192));
    auto put = [&](size_t where, uint32_t value, size_t size = 4) { std::memcpy(bytes + where, &value, size); };
    put(0, 0x5A4D, 2);
    put(0x3C, 0x80);
    put(0x80, 0x4550);
    put(0x86, 1, 2);        // sections
    put(0x94, 0xF0, 2);     // optional header's size
    put(0x98, 0x20B, 2);
    put(0xD4, 0x400);       // headers' size
    put(0x98 + 108, 16);    // directories
    put(0x98 + 112, 0x1000);
    put(0x98 + 116, 0x100);
    put(0x188 + 12, 0x1000); // the section: address, bytes in the file and their place
    put(0x188 + 16, 0x1000);
    put(0x188 + 20, 0x400);
    put(0x1000 + 20, 2);
    put(0x1000 + 24, 2);
    put(0x1000 + 28, 0x1040);
    put(0x1000 + 32, 0x1050);
    put(0x1000 + 36, 0x1060);
    put(0x1040, 0x1800);
    put(0x1044, 0x1900);
    put(0x1050, 0x1070);
    put(0x1054, 0x1078);
    put(0x1060, 1, 2);
    put(0x1062, 0, 2);
    std::strcpy(bytes + 0x1070, "Alpha");
    std::strcpy(bytes + 0x1078, "Beta");
    return bytes;
}

} // namespace

SAMPLE(RtlNtStatusToDosError)
{
    at.returns(ULONG { 5 }, STATUS_ACCESS_DENIED);
    at.returns(ULONG { 2 }, STATUS_OBJECT_NAME_NOT_FOUND);
    at.returns(ULONG { 0 }, STATUS_SUCCESS);
    at.returns(ULONG { 1234 }, NTSTATUS(0xC0070000u | 1234)); // an error code in a status
    at.returns(ULONG { 0xE0001234 }, NTSTATUS(0xE0001234));   // a customer's
    at.returns(ULONG { 317 }, NTSTATUS(0xC0FF1234));
}

// The beginning of Microsoft's table "Mapping NT Status Error Codes to Win32 Error Codes" (Q113996), and those that
// it sends to ERROR_BUSY.
SAMPLE_AS(RtlNtStatusToDosError, as_published)
{
    struct {
        NTSTATUS status;
        ULONG error;
    } const table[] {
        { STATUS_DATATYPE_MISALIGNMENT, 998 },
        { STATUS_ACCESS_VIOLATION, 998 },
        { STATUS_DATATYPE_MISALIGNMENT_ERROR, 998 },
        { STATUS_CTL_FILE_NOT_SUPPORTED, 50 },
        { STATUS_PORT_ALREADY_SET, 87 },
        { STATUS_SECTION_NOT_IMAGE, 87 },
        { STATUS_BAD_WORKING_SET_LIMIT, 87 },
        { STATUS_WORKING_SET_LIMIT_RANGE, 87 },
        { STATUS_INCOMPATIBLE_FILE_MAP, 87 },
        { STATUS_PORT_DISCONNECTED, 6 },
        { STATUS_NOT_LOCKED, 158 },
        { STATUS_NOT_MAPPED_VIEW, 487 },
        { STATUS_UNABLE_TO_FREE_VM, 87 },
        { STATUS_UNABLE_TO_DELETE_SECTION, 87 },
        { STATUS_MORE_PROCESSING_REQUIRED, 234 },
        { STATUS_INVALID_CID, 87 },
        { STATUS_STACK_OVERFLOW, 1001 },
        { STATUS_BAD_INITIAL_STACK, 1001 },
        { STATUS_INVALID_VOLUME_LABEL, 154 },
        { STATUS_SECTION_NOT_EXTENDED, 14 },
        { STATUS_NOT_MAPPED_DATA, 487 },
        { STATUS_NO_LDT, 1444 },
        { STATUS_INFO_LENGTH_MISMATCH, 24 },
        { STATUS_INVALID_INFO_CLASS, 87 },
        { STATUS_SUSPEND_COUNT_EXCEEDED, 156 },
        { STATUS_NOTIFY_ENUM_DIR, 1022 },
        { STATUS_REGISTRY_RECOVERED, 1014 },
        { STATUS_REGISTRY_IO_FAILED, 1016 },
        { STATUS_NOT_REGISTRY_FILE, 1017 },
        { STATUS_DEVICE_BUSY, 170 },
        { STATUS_DEVICE_HUNG, 170 },
        { STATUS_PTE_CHANGED, 170 },
        { STATUS_ENCOUNTERED_WRITE_IN_PROGRESS, 170 },
        { STATUS_INVALID_PARAMETER_3, 87 },
    };
    for (auto const& row : table)
        at.returns(row.error, row.status);
}

SAMPLE(RtlNtStatusToDosErrorNoTeb)
{
    at.returns(ULONG { 87 }, STATUS_INVALID_PARAMETER);
    at.returns(ULONG { 317 }, NTSTATUS(0xC0FF1234));
}

SAMPLE(RtlIoEncodeMemIoResource)
{
    auto& descriptor = at.object<IO_RESOURCE_DESCRIPTOR>();
    at.status(STATUS_SUCCESS, &descriptor, CmResourceTypeMemory, 8 * kGiB, ULONGLONG { 4096 }, ULONGLONG { 0 },
              64 * kGiB);
    EXPECT_EQ(descriptor.Type, CmResourceTypeMemoryLarge);
    EXPECT_EQ(descriptor.Flags, CM_RESOURCE_MEMORY_LARGE_40);
    EXPECT_EQ(descriptor.u.Memory.Length, 8 * kGiB >> 8);
    EXPECT_EQ(descriptor.u.Memory.Alignment, 16u);
    at.status(STATUS_SUCCESS, &descriptor, CmResourceTypePort, ULONGLONG { 8 }, ULONGLONG { 1 }, ULONGLONG { 0x300 },
              ULONGLONG { 0x3FF });
    EXPECT_EQ(descriptor.Type, CmResourceTypePort);
    EXPECT_EQ(descriptor.u.Port.Length, 8u);
    at.status(STATUS_UNSUCCESSFUL, &descriptor, CmResourceTypeMemory, 8 * kGiB, ULONGLONG { 1 }, ULONGLONG { 0 },
              64 * kGiB);
    at.status(STATUS_UNSUCCESSFUL, &descriptor, CmResourceTypePort, 8 * kGiB, ULONGLONG { 4096 }, ULONGLONG { 0 },
              64 * kGiB);
    at.status(STATUS_INVALID_PARAMETER, &descriptor, CmResourceTypeInterrupt, ULONGLONG { 8 }, ULONGLONG { 1 },
              ULONGLONG { 0 }, ULONGLONG { 9 });
    at.status(STATUS_INVALID_PARAMETER, &descriptor, CmResourceTypePort, ULONGLONG { 8 }, ULONGLONG { 1 },
              ULONGLONG { 9 }, ULONGLONG { 8 });
}

SAMPLE(RtlIoDecodeMemIoResource)
{
    auto& descriptor = at.object<IO_RESOURCE_DESCRIPTOR>();
    RtlIoEncodeMemIoResource(&descriptor, CmResourceTypeMemory, 128 * kGiB << 10, 1 << 20, kGiB, 4096 * kGiB);
    auto* numbers = static_cast<ULONGLONG*>(at.bytes(24));
    at.returns(128 * kGiB << 10, &descriptor, &numbers[0], &numbers[1], &numbers[2]);
    EXPECT_EQ(numbers[0], 1u << 20);
    EXPECT_EQ(numbers[1], kGiB);
    EXPECT_EQ(numbers[2], 4096 * kGiB);
    at.returns(128 * kGiB << 10, &descriptor, nullptr, nullptr, nullptr);
}

SAMPLE(RtlCmEncodeMemIoResource)
{
    auto& descriptor = at.object<CM_PARTIAL_RESOURCE_DESCRIPTOR>();
    at.status(STATUS_SUCCESS, &descriptor, CmResourceTypeMemoryLarge, ULONGLONG { 4096 }, 7 * kGiB);
    EXPECT_EQ(descriptor.Type, CmResourceTypeMemory) << "small enough";
    EXPECT_EQ(descriptor.u.Memory.Length, 4096u);
    at.status(STATUS_SUCCESS, &descriptor, CmResourceTypeMemory, 1ull << 63, ULONGLONG { 0 });
    EXPECT_EQ(descriptor.Flags, CM_RESOURCE_MEMORY_LARGE_64);
    at.status(STATUS_UNSUCCESSFUL, &descriptor, CmResourceTypeMemory, (1ull << 63) + 1, ULONGLONG { 0 });
    at.status(STATUS_INVALID_PARAMETER, &descriptor, CmResourceTypeDma, ULONGLONG { 1 }, ULONGLONG { 0 });
}

SAMPLE(RtlCmDecodeMemIoResource)
{
    auto& descriptor = at.object<CM_PARTIAL_RESOURCE_DESCRIPTOR>();
    RtlCmEncodeMemIoResource(&descriptor, CmResourceTypeMemory, 1ull << 40, kGiB);
    auto& start = at.object<ULONGLONG>();
    at.returns(1ull << 40, &descriptor, &start);
    EXPECT_EQ(start, kGiB);
    at.returns(1ull << 40, &descriptor, nullptr);
}

SAMPLE(RtlFindClosestEncodableLength)
{
    auto& length = at.object<ULONGLONG>();
    at.status(STATUS_SUCCESS, 8 * kGiB + 1, &length);
    EXPECT_EQ(length, 8 * kGiB + 256);
    at.status(STATUS_UNSUCCESSFUL, ~0ull, &length);
}

SAMPLE(RtlInitializeCorrelationVector)
{
    auto& vector = at.object<CORRELATION_VECTOR>();
    GUID const guid { 0x03020100, 0x0504, 0x0706, { 8, 9, 10, 11, 12, 13, 14, 15 } };
    at.status(STATUS_SUCCESS, &vector, 2, &guid);
    EXPECT_EQ(std::string_view(vector.Vector), "AAECAwQFBgcICQoLDA0ODw.0");
    at.status(STATUS_SUCCESS, &vector, 1, &guid);
    EXPECT_EQ(std::string_view(vector.Vector), "AAECAwQFBgcICQoL.0");
    at.status(STATUS_INVALID_PARAMETER, &vector, 2, nullptr);
    at.status(STATUS_INVALID_PARAMETER, &vector, 3, &guid);
}

SAMPLE(RtlIncrementCorrelationVector)
{
    auto& vector = vector_of(at, "AAECAwQFBgcICQoLDA0ODw.1.9");
    at.status(STATUS_SUCCESS, &vector);
    EXPECT_EQ(std::string_view(vector.Vector), "AAECAwQFBgcICQoLDA0ODw.1.10");
    at.status(STATUS_BUFFER_OVERFLOW, &vector_of(at, "AAECAwQFBgcICQoLDA0ODw.2147483647"));
    at.status(STATUS_INVALID_PARAMETER, &vector_of(at, "no vector"));
}

SAMPLE(RtlExtendCorrelationVector)
{
    auto& vector = vector_of(at, "AAECAwQFBgcICQoLDA0ODw.1");
    at.status(STATUS_SUCCESS, &vector);
    EXPECT_EQ(std::string_view(vector.Vector), "AAECAwQFBgcICQoLDA0ODw.1.0");
    std::string full = "AAECAwQFBgcICQoLDA0ODw";
    while (full.size() < 126)
        full += ".1";
    at.status(STATUS_INVALID_PARAMETER, &vector_of(at, full.c_str()));
}

SAMPLE(RtlValidateCorrelationVector)
{
    at.status(STATUS_INVALID_PARAMETER, &vector_of(at, "AAECAwQFBgcICQoLDA0ODw"));
    at.status(STATUS_SUCCESS, &vector_of(at, "AAECAwQFBgcICQoLDA0ODw.1.22.0"));
    for (char const* bad : { "AAECAwQFBgcICQoLDA0OD!.1", "AAECAwQFBgcICQoLDA0ODw.1.", "AAECAwQFBgcICQoLDA0ODw..1",
                             "AAECAwQFBgcICQoLDA0ODw.x", "" })
        at.status(STATUS_INVALID_PARAMETER, &vector_of(at, bad));
}

SAMPLE(RtlImageNtHeader)
{
    char* const base = image(at);
    at.returns(PVOID(base + 0x80), base);
    at.returns(PVOID { nullptr }, at.bytes(4096));
    at.returns(PVOID { nullptr }, nullptr);
}

SAMPLE(RtlImageDirectoryEntryToData)
{
    char* const base = image(at);
    auto& size = at.object<ULONG>();
    at.returns(PVOID(base + 0x1000), base, TRUE, 0, &size);
    EXPECT_EQ(size, 0x100u);
    at.returns(PVOID(base + 0x400), base, FALSE, 0, &size);
    at.returns(PVOID { nullptr }, base, TRUE, 1, &size);
    at.returns(PVOID { nullptr }, base, TRUE, 16, &size);
}

SAMPLE(RtlFindExportedRoutineByName)
{
    char* const base = image(at);
    at.returns(PVOID(base + 0x1900), base, "Alpha");
    at.returns(PVOID(base + 0x1800), base, "Beta");
    at.returns(PVOID { nullptr }, base, "Gamma");
}

SAMPLE_OF_NOTHING(RtlIsStateSeparationEnabled, "no state is separated: FALSE") { at.returns(BOOLEAN { FALSE }); }

SAMPLE(RtlGetPersistedStateLocation)
{
    auto& path = at.string(u"\\Registry\\Machine");
    auto* target = static_cast<char16_t*>(at.bytes(64));
    auto& written = at.object<ULONG>();
    at.status(STATUS_SUCCESS, path.Buffer, nullptr, path.Buffer, LocationTypeRegistry, target, 64, &written);
    EXPECT_EQ(std::u16string_view(target), u"\\Registry\\Machine");
    EXPECT_EQ(written, 36u);
    at.status(STATUS_BUFFER_OVERFLOW, path.Buffer, nullptr, path.Buffer, LocationTypeRegistry, target, 35, &written);
    at.status(STATUS_NOT_FOUND, path.Buffer, nullptr, nullptr, LocationTypeFileSystem, target, 64, nullptr);
    at.status(STATUS_INVALID_PARAMETER, path.Buffer, nullptr, path.Buffer, LocationTypeMaximum, target, 64, nullptr);
}

SAMPLE(RtlRaiseCustomSystemEventTrigger)
{
    auto& config = at.object<CUSTOM_SYSTEM_EVENT_TRIGGER_CONFIG>();
    config = { sizeof config, at.string(u"id").Buffer };
    at.status(STATUS_INSTANCE_NOT_AVAILABLE, &config);
    config.Size = 4;
    at.status(STATUS_INVALID_PARAMETER, &config);
    at.status(STATUS_INVALID_PARAMETER, nullptr);
}

SAMPLE(RtlQueryPackageIdentity)
{
    auto& size = at.object<SIZE_T>();
    auto& packaged = at.object<BOOLEAN>();
    packaged = TRUE;
    at.status(STATUS_NOT_FOUND, at.bytes(8), at.bytes(64), &size, nullptr, nullptr, &packaged);
    EXPECT_FALSE(packaged);
    at.status(STATUS_INVALID_PARAMETER, at.bytes(8), at.bytes(64), nullptr, nullptr, nullptr, nullptr);
    at.status(STATUS_INVALID_PARAMETER, at.bytes(8), at.bytes(64), &size, at.bytes(64), nullptr, nullptr);
}

SAMPLE(RtlQueryPackageIdentityEx)
{
    auto& size = at.object<SIZE_T>();
    auto& flags = at.object<ULONG64>();
    flags = 9;
    at.status(STATUS_NOT_FOUND, at.bytes(8), at.bytes(64), &size, nullptr, nullptr, nullptr, &flags);
    EXPECT_EQ(flags, 0u);
    at.status(STATUS_INVALID_PARAMETER, nullptr, at.bytes(64), &size, nullptr, nullptr, nullptr, &flags);
}
