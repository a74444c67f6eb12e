// SPDX-License-Identifier: MIT
#include "hal/processor.h"

namespace ringside::hal {

Processor* g_processor = nullptr;

} // namespace ringside::hal
