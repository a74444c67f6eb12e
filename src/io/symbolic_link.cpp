// SPDX-License-Identifier: MIT
#include "io/symbolic_link.h"

#include "io/manager.h"
#include "ob/capture.h"
#include "ob/namespace.h"

namespace ringside::io {

// @cite(wdk-ddi): page=wdm/nf-wdm-iocreatesymboliclink
NTSTATUS IoCreateSymbolicLink(UNICODE_STRING* link, UNICODE_STRING* target)
{
    (void)ob::read_string(target); // its faults come before this frame owns a string
    auto path = ob::read_string(link);
    if (!path.ok())
        return path.status();
    auto leads_to = ob::read_string(target);
    if (!leads_to.ok())
        return leads_to.status();
    auto created = ob::create_symbolic_link(*path, *leads_to);
    if (!created.ok())
        return created.status();
    if (DriverRecord* driver = manager().drivers().calling())
        driver->symbolic_links.push_back(path.take());
    return STATUS_SUCCESS;
}

// Every link is unprotected here: there are no access checks on names.
// @cite(wdk-ddi): page=wdm/nf-wdm-iocreateunprotectedsymboliclink
NTSTATUS IoCreateUnprotectedSymbolicLink(UNICODE_STRING* link, UNICODE_STRING* target)
{
    return IoCreateSymbolicLink(link, target);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iodeletesymboliclink
NTSTATUS IoDeleteSymbolicLink(UNICODE_STRING* link)
{
    auto path = ob::read_string(link);
    if (!path.ok())
        return path.status();
    auto deleted = ob::delete_symbolic_link(*path);
    if (!deleted.ok())
        return deleted.status();
    manager().drivers().forget_symbolic_link(*path);
    return STATUS_SUCCESS;
}

} // namespace ringside::io
