//! People who use the administration, and their being signed in.

use chrono::TimeDelta;
use kuzushi_domain::{AuditAction, EmailAddress, Id, Phi, StaffRole};
use kuzushi_store::{
    AuditFilter, Enrolment, Factor, LoginLimits, NewStaffMember, StaffChange, StaffLogin, StaffMember, StaffScope,
    Store, StoreError, entities::staff_member, on_both_engines, sealed::OperatorKey, testing::OPERATOR_KEY,
};
use sea_orm::{ActiveValue::Set, Database, EntityTrait};

use crate::fixture::{Hospital, add_tenant, at};

const ANN: &str = "ann-canary-7714@example.org";
const CODE: [u8; 32] = [5; 32];

fn email(text: &str) -> EmailAddress {
    text.parse().unwrap()
}

fn new(address: &str, role: StaffRole) -> NewStaffMember {
    NewStaffMember {
        id: Id::generate(),
        role,
        email: email(address),
        name: Phi::from("Ann Canary-3351"),
        enrolment: Enrolment { secret_hash: CODE, expires_at: at(50) },
    }
}

fn limits() -> LoginLimits {
    LoginLimits { expires_at: at(100), idle: TimeDelta::seconds(30) }
}

/// Somebody who has chosen a password, and where they are signed in.
async fn enrolled(staff: &StaffScope, address: &str, role: StaffRole) -> (StaffMember, StaffLogin) {
    let member = staff.create_member(new(address, role), at(0)).await.unwrap();
    let (login, member) =
        staff.enrol(member.id, &CODE, "hash-canary-2", &Factor::None, limits(), at(1)).await.unwrap().unwrap();
    (member, login)
}

async fn signed_in(staff: &StaffScope, address: &str) -> StaffLogin {
    let known = staff.staff_credentials(&email(address)).await.unwrap().unwrap();
    staff.sign_in_staff(&known, &Factor::None, limits(), at(1)).await.unwrap().unwrap().0
}

async fn ended_at(staff: &StaffScope, login: &StaffLogin) -> Option<chrono::DateTime<chrono::Utc>> {
    staff.staff_login(login.id).await.unwrap().0.revoked_at
}

fn disable(disabled: bool) -> StaffChange {
    StaffChange { disabled: Some(disabled), ..StaffChange::default() }
}

on_both_engines! {
    async fn an_address_has_one_account_in_each_tenant_and_among_operators(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let staff = hospital.scope.staff();
        let ann = staff.create_member(new(ANN, StaffRole::Editor), at(0)).await.unwrap();
        assert_eq!(staff.member(ann.id).await.unwrap(), ann);
        let again = staff.create_member(new(&ANN.to_uppercase(), StaffRole::Owner), at(1)).await;
        assert!(matches!(again, Err(StoreError::Conflict(_))));

        let (stranger, _) = add_tenant(&hospital.store, "elsewhere").await;
        let operators = hospital.store.installation().staff().await.unwrap();
        for (other, role) in [(stranger.staff(), StaffRole::Owner), (operators, StaffRole::Operator)] {
            assert!(other.staff_credentials(&email(ANN)).await.unwrap().is_none());
            assert!(matches!(other.member(ann.id).await, Err(StoreError::NotFound)));
            assert!(matches!(other.delete_member(ann.id, None, at(1)).await, Err(StoreError::NotFound)));
            assert!(matches!(other.change_member(ann.id, disable(true), None, at(1)).await, Err(StoreError::NotFound)));
            assert!(other.enrol(ann.id, &CODE, "theirs", &Factor::None, limits(), at(1)).await.unwrap().is_none());
            let namesake = other.create_member(new(ANN, role), at(1)).await.unwrap();
            assert_eq!(other.members(None, 50).await.unwrap(), [namesake]);
        }
        assert_eq!(staff.members(None, 50).await.unwrap(), [ann]);
        let misplaced = staff.create_member(new("bob@example.org", StaffRole::Operator), at(1)).await;
        assert!(misplaced.is_err(), "the database refuses operators in tenants");
    }

    async fn no_column_holds_what_staff_are_called_or_prove_it_with(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let operators = hospital.store.installation().staff().await.unwrap();
        for staff in [hospital.scope.staff(), operators] {
            let role = if staff.tenant().is_some() { StaffRole::Owner } else { StaffRole::Operator };
            enrolled(&staff, ANN, role).await;
        }
        let connection = Database::connect(&hospital.database.url).await.unwrap();
        let rows = staff_member::Entity::find().all(&connection).await.unwrap();
        for row in &rows {
            for column in [&row.email_mark, &row.email, &row.name, row.password_hash.as_ref().unwrap()] {
                let text = String::from_utf8_lossy(column).to_lowercase();
                assert!(!text.contains("canary") && !text.contains("example"), "{text}");
            }
        }
        let [one, other] = &rows[..] else { panic!("two people") };
        let moved = staff_member::ActiveModel { id: Set(other.id), name: Set(one.name.clone()), ..Default::default() };
        staff_member::Entity::update(moved).exec(&connection).await.unwrap();
        let scope = if other.tenant_id.is_some() {
            hospital.scope.staff()
        } else {
            hospital.store.installation().staff().await.unwrap()
        };
        assert!(matches!(scope.member(Id::from_uuid(other.id)).await, Err(StoreError::Sealed(_))), "moved to another row");
    }

    async fn a_code_lets_somebody_choose_a_password_once_and_for_a_while(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let staff = hospital.scope.staff();
        let ann = staff.create_member(new(ANN, StaffRole::Owner), at(0)).await.unwrap();
        let enrol = async |code: [u8; 32], seconds| {
            let may = staff.may_enrol(ann.id, &code, at(seconds)).await.unwrap();
            let enrolled = staff.enrol(ann.id, &code, "hash", &Factor::None, limits(), at(seconds)).await.unwrap();
            assert_eq!(may, enrolled.is_some());
            enrolled.map(|(login, _)| login)
        };
        assert!(enrol([6; 32], 1).await.is_none(), "another code");
        assert!(enrol(CODE, 50).await.is_none(), "it has expired");
        staff.change_member(ann.id, disable(true), None, at(2)).await.unwrap();
        assert!(enrol(CODE, 3).await.is_none(), "disabled");
        staff.change_member(ann.id, disable(false), None, at(4)).await.unwrap();
        let first = enrol(CODE, 5).await.unwrap();
        assert!(enrol(CODE, 6).await.is_none(), "it was used");

        let renewed = Enrolment { secret_hash: [7; 32], expires_at: at(60) };
        staff.renew_enrolment(ann.id, renewed, at(7)).await.unwrap();
        assert!(enrol(CODE, 8).await.is_none());
        assert_eq!(ended_at(&staff, &first).await, None, "until it is used, nothing changes");
        assert!(staff.staff_credentials(&email(ANN)).await.unwrap().unwrap().password_hash.is_some());
        enrol([7; 32], 9).await.unwrap();
        assert_eq!(ended_at(&staff, &first).await, Some(at(9)));
        let events = staff.audit_trail().events(AuditFilter::default(), 3).await.unwrap();
        let told: Vec<_> = events.iter().map(|event| (event.action.as_str(), event.actor.clone(), event.actor_role.as_str())).collect();
        let themselves = ann.id.to_string();
        assert_eq!(told, [
            (AuditAction::SignedIn.as_str(), themselves.clone(), "owner"),
            (AuditAction::StaffEnrolled.as_str(), themselves, "owner"),
            (AuditAction::StaffInvited.as_str(), "system".into(), ""),
        ]);
    }

    async fn signing_out_disabling_a_new_password_and_deleting_end_logins(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let staff = hospital.scope.staff();
        enrolled(&staff, "other@example.org", StaffRole::Owner).await;
        let (ann, one) = enrolled(&staff, ANN, StaffRole::Editor).await;
        let two = signed_in(&staff, ANN).await;
        staff.revoke_staff_login(one.id, at(10)).await.unwrap();
        staff.revoke_staff_login(one.id, at(11)).await.unwrap();
        assert_eq!((ended_at(&staff, &one).await, ended_at(&staff, &two).await), (Some(at(10)), None), "the first time counts");

        let three = signed_in(&staff, ANN).await;
        let known = staff.staff_credentials_of(ann.id).await.unwrap();
        assert!(staff.change_own_password(&known, "hash-2", three.id, at(12)).await.unwrap());
        assert_eq!((ended_at(&staff, &two).await, ended_at(&staff, &three).await), (Some(at(12)), None), "but here");
        assert!(!staff.change_own_password(&known, "hash-3", three.id, at(13)).await.unwrap(), "not the present one");
        assert!(staff.sign_in_staff(&known, &Factor::None, limits(), at(13)).await.unwrap().is_none());

        let known = staff.staff_credentials_of(ann.id).await.unwrap();
        let renamed = StaffChange { name: Some(Phi::from("Ann")), role: Some(StaffRole::Agent), ..StaffChange::default() };
        let changed = staff.change_member(ann.id, renamed, Some(ann.version), at(14)).await.unwrap();
        assert_eq!((changed.version, changed.role, ended_at(&staff, &three).await), (ann.version + 1, StaffRole::Agent, None));
        let (_, seen) = staff.staff_login(three.id).await.unwrap();
        assert_eq!(seen.role, StaffRole::Agent, "the role is the present one");
        let outdated = staff.change_member(ann.id, disable(true), Some(ann.version), at(15)).await;
        assert!(matches!(outdated, Err(StoreError::Changed { newest: Some(newest) }) if newest == changed.version));
        staff.change_member(ann.id, disable(true), None, at(16)).await.unwrap();
        assert_eq!(ended_at(&staff, &three).await, Some(at(16)));
        assert!(staff.sign_in_staff(&known, &Factor::None, limits(), at(17)).await.unwrap().is_none(), "disabled meanwhile");
        staff.change_member(ann.id, disable(false), None, at(18)).await.unwrap();
        let four = signed_in(&staff, ANN).await;
        staff.delete_member(ann.id, None, at(19)).await.unwrap();
        assert!(matches!(staff.staff_login(four.id).await, Err(StoreError::NotFound)));
        assert!(staff.sign_in_staff(&known, &Factor::None, limits(), at(20)).await.unwrap().is_none());
    }

    async fn staff_who_do_nothing_are_signed_out_and_all_are_in_the_end(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let installation = hospital.store.installation();
        let operators = installation.staff().await.unwrap();
        let (ann, idle) = enrolled(&operators, ANN, StaffRole::Operator).await;
        let busy = signed_in(&operators, ANN).await;
        for seconds in [20, 49, 78, 99] {
            operators.touch_staff_login(&busy, at(seconds)).await.unwrap();
            installation.time_out_staff_logins(at(seconds)).await.unwrap();
            let is_over = seconds >= 31;
            assert_eq!(ended_at(&operators, &idle).await.is_some(), is_over);
        }
        operators.touch_staff_login(&idle, at(99)).await.unwrap();
        assert!(!operators.staff_login(idle.id).await.unwrap().0.is_live(at(99)), "it is over");
        assert!(operators.staff_login(busy.id).await.unwrap().0.is_live(at(99)));
        installation.time_out_staff_logins(at(100)).await.unwrap();
        installation.time_out_staff_logins(at(101)).await.unwrap();
        assert_eq!(ended_at(&operators, &busy).await, Some(at(100)));
        let events = installation.audit_events(AuditFilter::default(), 2).await.unwrap();
        let told: Vec<_> = events.iter().map(|event| (event.target.clone(), event.details["because"].as_str())).collect();
        assert_eq!(told, [(ann.id.to_string(), Some("expired")), (ann.id.to_string(), Some("idle"))]);
    }

    async fn the_last_who_answers_for_everything_stays(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let operators = hospital.store.installation().staff().await.unwrap();
        for (staff, highest) in [(hospital.scope.staff(), StaffRole::Owner), (operators, StaffRole::Operator)] {
            let (ann, _) = enrolled(&staff, ANN, highest).await;
            let bob = staff.create_member(new("bob@example.org", highest), at(0)).await.unwrap();
            let is_kept = |result: Result<StaffMember, StoreError>| {
                matches!(result, Err(StoreError::LastInCharge { role }) if role == highest)
            };
            assert!(is_kept(staff.change_member(ann.id, disable(true), None, at(2)).await), "Bob cannot sign in yet");
            assert!(matches!(staff.delete_member(ann.id, None, at(2)).await, Err(StoreError::LastInCharge { .. })));
            if highest == StaffRole::Owner {
                let lowered = StaffChange { role: Some(StaffRole::Editor), ..StaffChange::default() };
                assert!(is_kept(staff.change_member(ann.id, lowered, None, at(2)).await));
            }
            staff.enrol(bob.id, &CODE, "hash", &Factor::None, limits(), at(3)).await.unwrap().unwrap();
            // Two who remove each other at the same time: one of them stays.
            let (one, other) = tokio::join!(
                staff.change_member(ann.id, disable(true), None, at(4)),
                staff.change_member(bob.id, disable(true), None, at(4)),
            );
            assert_ne!(one.is_ok(), other.is_ok());
            assert_ne!(is_kept(one), is_kept(other));
        }
    }

    async fn operators_accounts_open_under_the_next_content_key(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let operators = hospital.store.installation().staff().await.unwrap();
        let (ann, _) = enrolled(&operators, ANN, StaffRole::Operator).await;
        let next = || OperatorKey::from_bytes(&[43; 32]).unwrap();
        let both = next().with_former(&OPERATOR_KEY).unwrap();
        let both = Store::open(&hospital.database.options(), both).await.unwrap().installation();
        assert_eq!(both.rotate_keys(at(5)).await.unwrap().installation, 1);
        assert_eq!(both.rotate_keys(at(6)).await.unwrap().installation, 0);
        let store = Store::open(&hospital.database.options(), next()).await.unwrap();
        let checked = store.installation().check_keys().await.unwrap();
        assert_eq!((checked.installation, checked.faults.len()), (1, 0));
        assert_eq!(store.installation().staff().await.unwrap().member(ann.id).await.unwrap(), ann);
    }
}
