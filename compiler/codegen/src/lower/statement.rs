//! Statements: one match over all kinds. Control flow is machine code; the rest is calls.

use std::mem::offset_of;

use cranelift::prelude::*;
use moltler_abi::DataType;
use moltler_abi::layout::{Datum, kind};
use moltler_abi::runtime_calls::RuntimeCall;
use moltler_plan::expr::Expr;
use moltler_plan::program::{Catch, Statement, StatementKind};

use super::Lowering;
use super::operand::{Form, Operand};

/// Something that BREAK, CONTINUE or an error leave.
pub(super) enum Frame {
    /// A loop.
    Loop {
        /// Starts the next turn.
        next: Block,
        /// Behind the loop.
        end: Block,
    },
    /// A TRY with a FINALLY.
    Finally {
        /// FINALLY; its parameter is why it is entered, see [`Exit`].
        entry: Block,
        /// Whether BREAK and CONTINUE enter it.
        leaves: [bool; 2],
    },
}

/// Why a FINALLY is entered, and so what follows it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Exit {
    Normal,
    Error,
    Break,
    Continue,
}

impl Lowering<'_> {
    /// Lowers statements in order. Whether control comes to their end.
    pub(super) fn statements(&mut self, statements: &[Statement]) -> bool {
        for statement in statements {
            let mark = self.slots_in_use;
            let goes_on = self.statement(statement);
            self.release(mark);
            if !goes_on {
                return false;
            }
        }
        true
    }

    /// Tells the runtime that the statement with this index starts.
    pub(super) fn begin(&mut self, statement: u32) {
        let statement = self.id(statement);
        self.run(RuntimeCall::begin_statement, &[statement]);
    }

    fn statement(&mut self, statement: &Statement) -> bool {
        match &statement.kind {
            // These begin anew at each turn.
            StatementKind::While { .. } => {}
            _ => self.begin(statement.id),
        }
        match &statement.kind {
            StatementKind::Store { slot, value } => {
                let value = self.expr(value);
                self.store_variable(*slot, value);
            }
            StatementKind::PrintQuery(query) => {
                let query = self.id(*query);
                self.run(RuntimeCall::query_print, &[query]);
            }
            StatementKind::PrintResult(value) => self.tell(RuntimeCall::print_result, value),
            StatementKind::Evaluate(value) => {
                self.expr(value);
            }
            StatementKind::Print(value) => self.tell(RuntimeCall::print, value),
            StatementKind::Assert { assertion, value, message } => self.assert(*assertion, value, message.as_ref()),
            StatementKind::AssertRaises { class, pattern, statement: raising } => {
                self.assert_raises(statement.id, class, pattern.as_ref(), raising);
            }
            StatementKind::Advance(interval) => self.tell(RuntimeCall::advance, interval),
            StatementKind::CreateInstance(instance) => {
                let instance = self.id(*instance);
                self.run(RuntimeCall::create_instance, &[instance]);
            }
            StatementKind::Command(command) => {
                let command = self.id(*command);
                self.run(RuntimeCall::command, &[command]);
            }
            StatementKind::Fail(message) => {
                let message = self.id(*message);
                self.run(RuntimeCall::fail, &[message]);
            }
            StatementKind::If { branches, otherwise } => self.if_(branches, otherwise),
            StatementKind::While { condition, body } => self.while_(statement.id, condition, body),
            StatementKind::ForEach { slot, array_slot, array, body } => {
                self.for_each(statement.id, [*slot, *array_slot], array, body);
            }
            StatementKind::ForRange { slot, from, to, body } => self.for_range(*slot, [from, to], body),
            StatementKind::Break => {
                self.exit(Exit::Break);
                return false;
            }
            StatementKind::Continue => {
                self.exit(Exit::Continue);
                return false;
            }
            StatementKind::Try { body, catches, finally } => self.try_(body, catches, finally),
            StatementKind::Raise { message, code } => {
                let message = self.expr(message);
                let message = self.address(message);
                let code = match code {
                    Some(code) => self.expr(code),
                    None => self.null_of(DataType::Null),
                };
                let code = self.address(code);
                self.run(RuntimeCall::raise, &[message, code]);
            }
        }
        true
    }

    fn tell(&mut self, function: RuntimeCall, value: &Expr) {
        let value = self.expr(value);
        let value = self.address(value);
        self.run(function, &[value]);
    }

    pub(super) fn store_variable(&mut self, slot: u32, value: Operand) {
        let value = self.address(value);
        let slot = self.id(slot);
        self.run(RuntimeCall::store_variable, &[slot, value]);
    }

    fn if_(&mut self, branches: &[(Expr, Vec<Statement>)], otherwise: &[Statement]) {
        let [end] = self.blocks();
        for (condition, body) in branches {
            let [then, next] = self.blocks();
            let mark = self.slots_in_use;
            self.condition(condition, then, next);
            self.release(mark);
            self.go_on_in(then);
            self.statements_then(body, end);
            self.go_on_in(next);
        }
        self.statements_then(otherwise, end);
        self.go_on_in(end);
    }

    /// Lowers statements and then goes to the block.
    fn statements_then(&mut self, statements: &[Statement], block: Block) {
        if self.statements(statements) {
            self.builder.ins().jump(block, &[]);
        }
    }

    fn loop_body(&mut self, body: &[Statement], next: Block, end: Block) {
        self.frames.push(Frame::Loop { next, end });
        self.statements_then(body, next);
        self.frames.pop();
    }

    fn while_(&mut self, statement: u32, condition: &Expr, body: &[Statement]) {
        let [head, turn, end] = self.blocks();
        self.builder.ins().jump(head, &[]);
        self.go_on_in(head);
        self.begin(statement);
        let mark = self.slots_in_use;
        self.condition(condition, turn, end);
        self.release(mark);
        self.go_on_in(turn);
        self.loop_body(body, head, end);
        self.go_on_in(end);
    }

    fn for_each(&mut self, statement: u32, [slot, array_slot]: [u32; 2], array: &Expr, body: &[Statement]) {
        let array = self.expr(array);
        self.store_variable(array_slot, array);
        let [head, turn, next, end] = self.blocks();
        self.builder.append_block_param(head, types::I64);
        let first = self.builder.ins().iconst(types::I64, 0);
        self.builder.ins().jump(head, &[first.into()]);

        self.go_on_in(head);
        let position = self.builder.block_params(head)[0];
        self.begin(statement);
        let mark = self.slots_in_use;
        let array_slot = self.id(array_slot);
        let array = self.run_for(RuntimeCall::load_variable, &[array_slot]);
        let element = self.slot();
        let more = self.run_for(RuntimeCall::element, &[array, position, element]);
        let more = self.read_datum(more, DataType::Boolean);
        let more = self.truth(more);
        self.builder.ins().brif(more, turn, &[], end, &[]);

        self.go_on_in(turn);
        let slot = self.id(slot);
        self.run(RuntimeCall::store_variable, &[slot, element]);
        self.release(mark);
        self.loop_body(body, next, end);

        self.go_on_in(next);
        let position = self.builder.ins().iadd_imm_s(position, 1);
        self.builder.ins().jump(head, &[position.into()]);
        self.go_on_in(end);
    }

    fn for_range(&mut self, slot: u32, [from, to]: [&Expr; 2], body: &[Statement]) {
        let from = self.expr(from);
        let to = self.expr(to);
        let (Form::Integer(first), Form::Integer(last)) = (from.form, to.form) else {
            panic!("Invariant: the bounds of a FOR are integers");
        };
        let null = self.either_null(from.null, to.null);
        let null = self.null_flag(null);
        let [start, head, turn, next, again, end] = self.blocks();
        self.builder.append_block_param(head, types::I64);
        self.builder.ins().brif(null, end, &[], start, &[]);

        self.go_on_in(start);
        let any = self.builder.ins().icmp(IntCC::SignedLessThanOrEqual, first, last);
        self.builder.ins().brif(any, head, &[first.into()], end, &[]);

        self.go_on_in(head);
        let position = self.builder.block_params(head)[0];
        self.builder.ins().jump(turn, &[]);
        self.go_on_in(turn);
        let value = Operand { form: Form::Integer(position), null: super::operand::Null::Never, ..from };
        self.store_variable(slot, value);
        self.loop_body(body, next, end);

        // The last value may be the largest integer.
        self.go_on_in(next);
        let done = self.builder.ins().icmp(IntCC::Equal, position, last);
        self.builder.ins().brif(done, end, &[], again, &[]);
        self.go_on_in(again);
        let position = self.builder.ins().iadd_imm_s(position, 1);
        self.builder.ins().jump(head, &[position.into()]);
        self.go_on_in(end);
    }

    /// Leaves for what is around: the innermost loop, by way of the FINALLYs inside it.
    fn exit(&mut self, exit: Exit) {
        match self.frames.last_mut() {
            Some(Frame::Finally { entry, leaves }) => {
                leaves[usize::from(exit == Exit::Continue)] = true;
                let entry = *entry;
                self.enter_finally(entry, exit);
            }
            Some(Frame::Loop { next, end }) => {
                let target = if exit == Exit::Break { *end } else { *next };
                self.builder.ins().jump(target, &[]);
            }
            None => panic!("Invariant: BREAK and CONTINUE stand in loops"),
        }
    }

    fn enter_finally(&mut self, entry: Block, exit: Exit) {
        let exit = self.builder.ins().iconst(types::I32, exit as i64);
        self.builder.ins().jump(entry, &[exit.into()]);
    }

    fn try_(&mut self, body: &[Statement], catches: &[Catch], finally: &[Statement]) {
        let outer = self.failed;
        let [end, failed] = self.blocks();
        // Where an error that nobody here takes goes.
        let (uncaught, entry) = if finally.is_empty() {
            (outer, None)
        } else {
            let [uncaught, entry] = self.blocks();
            self.builder.append_block_param(entry, types::I32);
            self.frames.push(Frame::Finally { entry, leaves: [false; 2] });
            (uncaught, Some(entry))
        };
        self.failed = failed;
        if self.statements(body) {
            self.leave_try(entry, end);
        }

        self.go_on_in(failed);
        self.failed = uncaught;
        for catch in catches {
            let mark = self.slots_in_use;
            let (class, length) = self.text(catch.class.as_deref().unwrap_or_default());
            let error = self.run_for(RuntimeCall::catch, &[class, length]);
            let offset = offset_of!(Datum, kind) as i32;
            let found = self.builder.ins().load(types::I32, MemFlagsData::trusted(), error, offset);
            let missed = self.builder.ins().icmp_imm_s(IntCC::Equal, found, i64::from(kind::NULL));
            let [caught, other] = self.blocks();
            self.builder.ins().brif(missed, other, &[], caught, &[]);
            self.go_on_in(caught);
            let slot = self.id(catch.slot);
            self.run(RuntimeCall::store_variable, &[slot, error]);
            self.release(mark);
            if self.statements(&catch.body) {
                self.leave_try(entry, end);
            }
            self.go_on_in(other);
        }
        self.builder.ins().jump(uncaught, &[]);

        self.failed = outer;
        if let Some(entry) = entry {
            let Some(Frame::Finally { leaves, .. }) = self.frames.pop() else {
                panic!("Invariant: frames are left in the order they were entered");
            };
            self.go_on_in(uncaught);
            self.run(RuntimeCall::hold_error, &[]);
            self.enter_finally(entry, Exit::Error);
            self.finally(entry, leaves, finally, end);
        }
        self.go_on_in(end);
    }

    fn leave_try(&mut self, finally: Option<Block>, end: Block) {
        match finally {
            Some(entry) => self.enter_finally(entry, Exit::Normal),
            None => {
                self.builder.ins().jump(end, &[]);
            }
        }
    }

    /// FINALLY, once for all ways that lead to it, and then on the way that led there.
    fn finally(&mut self, entry: Block, leaves: [bool; 2], statements: &[Statement], end: Block) {
        self.go_on_in(entry);
        let reason = self.builder.block_params(entry)[0];
        if !self.statements(statements) {
            return;
        }
        for exit in [Exit::Error, Exit::Break, Exit::Continue] {
            let used = match exit {
                Exit::Break => leaves[0],
                Exit::Continue => leaves[1],
                Exit::Error | Exit::Normal => true,
            };
            if !used {
                continue;
            }
            let [leave, other] = self.blocks();
            let matches = self.builder.ins().icmp_imm_s(IntCC::Equal, reason, exit as i64);
            self.builder.ins().brif(matches, leave, &[], other, &[]);
            self.go_on_in(leave);
            if exit == Exit::Error {
                self.run(RuntimeCall::rethrow, &[]);
                // Invariant: `rethrow` always fails.
                self.builder.ins().jump(self.failed, &[]);
            } else {
                self.exit(exit);
            }
            self.go_on_in(other);
        }
        self.builder.ins().jump(end, &[]);
    }
}
