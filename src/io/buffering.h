// SPDX-License-Identifier: MIT
// How a request's data reaches a driver: copied through a system buffer, described by a locked MDL, or not at all.
//
//                    input                        output
//   BUFFERED         copied into SystemBuffer     copied back at the last completion
//   IN/OUT_DIRECT    copied into SystemBuffer     MdlAddress, pages locked for read / for write
//   NEITHER          Type3InputBuffer             UserBuffer: the issuer's own addresses
//
// @cite(wdk-docs): page=kernel/methods-for-accessing-data-buffers
// @cite(wdk-docs): page=kernel/buffer-descriptions-for-i-o-control-codes
#pragma once

#include "base/result.h"
#include "io/irp.h"

namespace ringside::io {

// Pool for system buffers. Bare mode keeps small ones for the next request; otherwise each is a pool block of its exact
// size, so that special pool catches a driver that runs over its end.
class SystemBuffers {
public:
    SystemBuffers();
    ~SystemBuffers();
    SystemBuffers(SystemBuffers const&) = delete;
    SystemBuffers& operator=(SystemBuffers const&) = delete;

    static constexpr uint8_t kOwnBlock = 0xFF;
    // Null when pool is empty. `size_class` goes back into free.
    void* allocate(size_t bytes, uint8_t& size_class);
    void free(void* buffer, uint8_t size_class);

private:
    static constexpr unsigned kSmallest = 6;  // 64 bytes
    static constexpr unsigned kClasses = 7;   // to 4096
    void* m_free[kClasses] {};
    bool m_keep;
};

struct TransferBuffers {
    void* input = nullptr;
    uint32_t input_bytes = 0;
    void* output = nullptr;
    uint32_t output_bytes = 0;
};

// Makes the IRP's buffers for a device control request of this code and fills the next location's parameters. UserMode
// buffers must lie below MmUserProbeAddress. STATUS_ACCESS_VIOLATION, STATUS_INSUFFICIENT_RESOURCES.
Result<void> buffer_device_control(IrpRecord& record, uint32_t code, TransferBuffers const& buffers,
                                   KPROCESSOR_MODE mode);
// The same for a read or a write, by the flags of the stack's top device.
Result<void> buffer_read(IrpRecord& record, DEVICE_OBJECT const& top, void* buffer, uint32_t bytes,
                         KPROCESSOR_MODE mode);
Result<void> buffer_write(IrpRecord& record, DEVICE_OBJECT const& top, void const* buffer, uint32_t bytes,
                          KPROCESSOR_MODE mode);
// A system buffer for query and set requests, whose data is always buffered.
Result<void> buffer_query(IrpRecord& record, void* buffer, uint32_t bytes, KPROCESSOR_MODE mode);
Result<void> buffer_set(IrpRecord& record, void const* buffer, uint32_t bytes, KPROCESSOR_MODE mode);

// In the issuing thread: what a buffered request gives back. STATUS_ACCESS_VIOLATION when the user's buffer has gone.
NTSTATUS copy_back(IrpRecord const& record);
// The IRP's system buffer, if IRP_DEALLOCATE_BUFFER says that it has one.
void free_system_buffer(IrpRecord& record);
// At the end of the completion walk, any context: the pages are let go. The MDLs themselves are freed later.
void unlock_mdls(IRP* irp);
void free_mdls(IRP* irp);

// Whether the issuer may name these bytes.
bool probe(void const* address, size_t bytes, KPROCESSOR_MODE mode);

} // namespace ringside::io
