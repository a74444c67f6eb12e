// SPDX-License-Identifier: MIT
// Raising: a handler of the caller's gets the exception. What becomes of one without: tests/ke/exception_test.cpp.
#include "contract.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

SAMPLE(ExRaiseStatus)
{
    at.raises(STATUS_INVALID_USER_BUFFER, STATUS_INVALID_USER_BUFFER);
    at.raises(STATUS_ACCESS_DENIED, STATUS_ACCESS_DENIED);
}
SAMPLE(ExRaiseAccessViolation) { at.raises(STATUS_ACCESS_VIOLATION); }
SAMPLE(ExRaiseDatatypeMisalignment) { at.raises(STATUS_DATATYPE_MISALIGNMENT); }
