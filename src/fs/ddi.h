// SPDX-License-Identifier: MIT
// The exports that room fs owns.
#pragma once

#include "base/contract.h"

namespace ringside::fs {

std::span<Ddi const> ddi_rows();

} // namespace ringside::fs
