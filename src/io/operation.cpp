// SPDX-License-Identifier: MIT
#include "io/operation.h"

#include "ex/pool.h"
#include "io/event.h"

#include <new>

namespace ringside::io {

namespace {

constexpr ULONG kOperationTag = 0x706F6F49; // 'Ioop'
constexpr size_t kBlockBytes = 4096;

} // namespace

OperationTable::~OperationTable()
{
    for (void* block : m_blocks)
        ex::free(block, kOperationTag);
}

Operation* OperationTable::allocate()
{
    if (!m_free) {
        void* block = ex::allocate(NonPagedPoolNx, kBlockBytes, kOperationTag, ex::Owner::Kernel, true);
        if (!block)
            return nullptr;
        m_blocks.push_back(block);
        auto* operations = static_cast<Operation*>(block);
        for (size_t i = kBlockBytes / sizeof(Operation); i-- > 0;)
            recycle(*new (&operations[i]) Operation);
    }
    Operation* operation = m_free;
    m_free = operation->next_free;
    operation->status = {};
    initialize_event(operation->event, NotificationEvent, false);
    operation->irp = nullptr;
    operation->told = false;
    operation->issuer_holds = true;
    operation->irp_holds = false;
    return operation;
}

void OperationTable::recycle(Operation& operation)
{
    operation.next_free = m_free;
    m_free = &operation;
}

void OperationTable::tell(Operation& operation)
{
    operation.told = true;
    set_event(operation.event);
}

void OperationTable::irp_gone(Operation& operation)
{
    operation.irp = nullptr;
    operation.irp_holds = false;
    if (!operation.told)
        tell(operation);
    if (!operation.issuer_holds)
        recycle(operation);
}

void OperationTable::issuer_gone(Operation& operation)
{
    operation.issuer_holds = false;
    if (!operation.irp_holds)
        recycle(operation);
}

} // namespace ringside::io
