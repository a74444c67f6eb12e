# SPDX-License-Identifier: MIT
# The stack switch of fibers. Saves what the System V convention keeps; what Microsoft's keeps besides (rdi rsi
# xmm6-xmm15) is kept by the gate that a driver's call came through, and a pre-emption saves everything. The x87 control
# word is left alone: 64-bit kernel code does not use x87, and reading it would cost as much as all the rest.
    .intel_syntax noprefix
    .text
    .globl ringside_fiber_switch
    .type ringside_fiber_switch, @function
# void ringside_fiber_switch(void** save_rsp, void* load_rsp)
ringside_fiber_switch:
    .cfi_startproc
    push rbp
    .cfi_adjust_cfa_offset 8
    push rbx
    .cfi_adjust_cfa_offset 8
    push r12
    .cfi_adjust_cfa_offset 8
    push r13
    .cfi_adjust_cfa_offset 8
    push r14
    .cfi_adjust_cfa_offset 8
    push r15
    .cfi_adjust_cfa_offset 8
    sub rsp, 8
    .cfi_adjust_cfa_offset 8
    stmxcsr [rsp]
    mov eax, [rsp]
    mov [rdi], rsp
    mov rsp, rsi
    # Loading the control word costs more than all the rest: only when it differs, which is hardly ever.
    cmp eax, [rsp]
    je 1f
    ldmxcsr [rsp]
1:  add rsp, 8
    .cfi_adjust_cfa_offset -8
    pop r15
    .cfi_adjust_cfa_offset -8
    pop r14
    .cfi_adjust_cfa_offset -8
    pop r13
    .cfi_adjust_cfa_offset -8
    pop r12
    .cfi_adjust_cfa_offset -8
    pop rbx
    .cfi_adjust_cfa_offset -8
    pop rbp
    .cfi_adjust_cfa_offset -8
    # A ret, though the processor predicts the return address of the stack that was left: a jump would leave one prediction
    # too many behind, and every return after it, up to the outermost, would be predicted wrong.
    ret
    .cfi_endproc
    .size ringside_fiber_switch, .-ringside_fiber_switch

# First activation of a fiber: the switch "returns" here with rbx = the fiber. There is no caller to unwind to.
    .globl ringside_fiber_start
    .type ringside_fiber_start, @function
ringside_fiber_start:
    .cfi_startproc
    .cfi_undefined rip
    mov rdi, rbx
    call ringside_fiber_main
    ud2
    .cfi_endproc
    .size ringside_fiber_start, .-ringside_fiber_start

# void ringside_call_on_stack(void* top, void (*function)(void*), void* context): calls there and comes back. The frame
# pointer leads an unwinder from the one stack to the other.
    .globl ringside_call_on_stack
    .type ringside_call_on_stack, @function
ringside_call_on_stack:
    .cfi_startproc
    push rbp
    .cfi_def_cfa_offset 16
    .cfi_offset rbp, -16
    mov rbp, rsp
    .cfi_def_cfa_register rbp
    mov rsp, rdi
    mov rdi, rdx
    call rsi
    mov rsp, rbp
    pop rbp
    .cfi_def_cfa rsp, 8
    ret
    .cfi_endproc
    .size ringside_call_on_stack, .-ringside_call_on_stack
    .section .note.GNU-stack,"",@progbits
