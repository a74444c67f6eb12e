// SPDX-License-Identifier: MIT
// What a request's issuer waits for: the status block and the event that its last completion writes. They outlive the
// issuer's frame, for a driver may return from dispatch without completing and complete much later.
//
// An Operation has two holders, the issuer and the IRP, and is used again when both let go.
#pragma once

#include "base/result.h"
#include "nt/nt.h"

#include <vector>

namespace ringside::io {

struct Operation {
    IO_STATUS_BLOCK status {};
    KEVENT event {};
    IRP* irp = nullptr;   // while the IRP lives
    uint32_t irp_number = 0;
    NTSTATUS returned = 0; // by the dispatch routine
    bool told = false;     // the status block is written, or never will be
    bool issuer_holds = false;
    bool irp_holds = false;
    Operation* next_free = nullptr;
};

class OperationTable {
public:
    OperationTable() = default;
    ~OperationTable();
    OperationTable(OperationTable const&) = delete;
    OperationTable& operator=(OperationTable const&) = delete;

    // Held by the issuer; null when pool is empty. The event is a notification event, not signalled.
    Operation* allocate();
    // The last completion has written the status block: who waits for the event goes on.
    static void tell(Operation& operation);
    void irp_gone(Operation& operation);
    void issuer_gone(Operation& operation);

private:
    void recycle(Operation& operation);
    Operation* m_free = nullptr;
    std::vector<void*> m_blocks; // pool they stand in: drivers see the addresses
};

} // namespace ringside::io
