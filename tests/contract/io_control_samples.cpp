// SPDX-License-Identifier: MIT
// Control codes by handle, to a driver's device.
#include "io_stage.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

constexpr ULONG kCode = CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS);

void control(At& at)
{
    Stage stage(at);
    auto& handle = at.object<HANDLE>();
    auto& attributes = at.object<OBJECT_ATTRIBUTES>();
    attributes
        = { sizeof attributes, nullptr, &at.string(u"\\Device\\Sample"), OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
            nullptr,           nullptr };
    auto& block = *static_cast<IO_STATUS_BLOCK*>(at.bytes(64));
    at.also("ZwOpenFile", &handle, ACCESS_MASK { GENERIC_READ | SYNCHRONIZE }, &attributes, &block, 0u,
            ULONG { FILE_SYNCHRONOUS_IO_NONALERT });
    ASSERT_TRUE(handle);
    unsigned const before = Stage::seen;
    block.Status = STATUS_PENDING;
    at.status(STATUS_SUCCESS, handle, nullptr, nullptr, nullptr, &block, kCode, at.bytes(8), 8u, at.bytes(8), 8u);
    EXPECT_EQ(Stage::seen, before + 1);
    EXPECT_EQ(block.Status, STATUS_SUCCESS);
    Stage::answer = STATUS_DEVICE_NOT_READY;
    at.status(STATUS_DEVICE_NOT_READY, handle, nullptr, nullptr, nullptr, &block, kCode, nullptr, 0u, nullptr, 0u);
    Stage::answer = STATUS_SUCCESS;
    at.status(STATUS_INVALID_HANDLE, HANDLE {}, nullptr, nullptr, nullptr, &block, kCode, nullptr, 0u, nullptr, 0u);
    at.also("ZwClose", handle);
}

} // namespace

SAMPLE(ZwDeviceIoControlFile) { control(at); }
SAMPLE(NtDeviceIoControlFile) { control(at); }
