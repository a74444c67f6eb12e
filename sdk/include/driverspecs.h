// SPDX-License-Identifier: MIT
//
// Annotations for static analysis of drivers. They say nothing to the compiler, so each is empty; mingw-w64 has the
// older ones.
#pragma once
#include_next <driverspecs.h>
#include <sal.h>

// Which processor level a function needs, raises to, restores.
#define _IRQL_always_function_max_(irql)
#define _IRQL_always_function_min_(irql)
#define _IRQL_is_cancel_
#define _IRQL_limited_to_(irql)
#define _IRQL_restores_global_(kind, parameter)
#define _IRQL_saves_global_(kind, parameter)
#define _IRQL_uses_cancel_
#define __drv_maxFunctionIRQL(irql)
#define __drv_minFunctionIRQL(irql)
#define __drv_minIRQL(irql)
#define __drv_sameIRQL
#define __drv_isCancelIRQL

// Which role a function plays and what its callers must hold.
#define _Kernel_clear_do_init_(yes_no)
#define _Kernel_entry_always_
#define _Kernel_float_restored_
#define _Kernel_float_saved_
#define _Kernel_float_used_
#define _Kernel_IoGetDmaAdapter_
#define _Kernel_acquires_resource_(kind)
#define _Kernel_releases_resource_(kind)
#define _Kernel_requires_resource_held_(kind)
#define _Kernel_requires_resource_not_held_(kind)
#define __drv_acquiresExclusiveResource(kind)
#define __drv_acquiresExclusiveResourceGlobal(kind, parameter)
#define __drv_acquiresCancelSpinLock
#define __drv_acquiresCriticalRegion
#define __drv_acquiresPriorityRegion
#define __drv_acquiresResource(kind)
#define __drv_acquiresResourceGlobal(kind, parameter)
#define __drv_clearDoInit
#define __drv_completionType(kind)
#define __drv_constant
#define __drv_declspec(value)
#define __drv_defined(name)
#define __drv_floatRestored
#define __drv_floatSaved
#define __drv_floatUsed
#define __drv_functionClass(name)
#define __drv_holdsCancelSpinLock()
#define __drv_innerAcquiresGlobal(kind, parameter)
#define __drv_interlocked
#define __drv_isObjectPointer
#define __drv_KMDF
#define __drv_mustHold(kind)
#define __drv_mustHoldCancelSpinLock
#define __drv_mustHoldCriticalRegion
#define __drv_mustHoldGlobal(kind, parameter)
#define __drv_mustHoldPriorityRegion
#define __drv_neverHold(kind)
#define __drv_neverHoldCancelSpinLock
#define __drv_neverHoldCriticalRegion
#define __drv_neverHoldGlobal(kind, parameter)
#define __drv_neverHoldPriorityRegion
#define __drv_nop(value)
#define __drv_notInIRQL
#define __drv_notPointer
#define __drv_preferredFunction(name, why)
#define __drv_releasesCancelSpinLock
#define __drv_releasesCriticalRegion
#define __drv_releasesExclusiveResource(kind)
#define __drv_releasesExclusiveResourceGlobal(kind, parameter)
#define __drv_releasesPriorityRegion
#define __drv_releasesResource(kind)
#define __drv_releasesResourceGlobal(kind, parameter)
#define __drv_reportError(text)
#define __drv_strictType(type, mode)
#define __drv_strictTypeMatch(mode)
#define __drv_typeBitset
#define __drv_typeConst
#define __drv_typeCond
#define __drv_typeExpr
#define __drv_unit(unit)
#define __drv_WDM
#define _Dispatch_type_(kind)
#define _Flt_CompletionContext_Outptr_
#define _Flt_ConnectionCookie_Outptr_
