// SPDX-License-Identifier: MIT
// Correlation vectors: a base of random characters and a row of numbers, "base.1.0.4", by which the traces of services
// that call one another are brought in order.
#pragma once

#include "nt/basic.h"
#include "nt/status.h"

namespace ringside::rtl {

inline constexpr size_t RTL_CORRELATION_VECTOR_STRING_LENGTH = 129;

struct CORRELATION_VECTOR {
    CHAR Version;
    CHAR Vector[RTL_CORRELATION_VECTOR_STRING_LENGTH];
};
static_assert(sizeof(CORRELATION_VECTOR) == 130);

NTSTATUS RtlInitializeCorrelationVector(CORRELATION_VECTOR* vector, LONG version, GUID const* guid);
NTSTATUS RtlIncrementCorrelationVector(CORRELATION_VECTOR* vector);
NTSTATUS RtlExtendCorrelationVector(CORRELATION_VECTOR* vector);
NTSTATUS RtlValidateCorrelationVector(CORRELATION_VECTOR* vector);

} // namespace ringside::rtl
