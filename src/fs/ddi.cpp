// SPDX-License-Identifier: MIT
#include "fs/ddi.h"

#include "ex/pool.h"
#include "fs/name.h"
#include "io/guest_string.h"
#include "ke/exception.h"
#include "ke/guarded.h"
#include "ob/capture.h"

namespace ringside::fs {

namespace {

using namespace nt;

// @cite(wdk-ddi): page=ntifs/nf-ntifs-_fsrtl_advanced_fcb_header-fsrtlisnameinexpression
BOOLEAN FsRtlIsNameInExpression(UNICODE_STRING* expression, UNICODE_STRING* name, BOOLEAN ignore_case,
                                char16_t* upcase_table)
{
    auto const e = ob::read_string(expression), n = ob::read_string(name);
    if (!e.ok() || !n.ok())
        return FALSE; // an odd length
    return is_in_expression(e.value(), n.value(), ignore_case, upcase_table);
}

} // namespace

std::span<Ddi const> ddi_rows()
{
    static Ddi const rows[] = {
        { .name = "FsRtlIsNameInExpression", .fail = Fail::Raise, .fail_status = STATUS_NO_MEMORY,
          .page = "ntifs/nf-ntifs-_fsrtl_advanced_fcb_header-fsrtlisnameinexpression",
          .body = body<&FsRtlIsNameInExpression>() },
    };
    return rows;
}

} // namespace ringside::fs
