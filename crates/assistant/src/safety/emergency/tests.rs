use super::*;
use crate::safety::emergencies;

fn kind(message: &str) -> Option<EmergencyKind> {
    emergency(message).map(|finding| finding.kind)
}

#[test]
fn every_file_of_rules_can_be_read() {
    let spellings = include_str!("../../../data/emergencies/spellings.txt");
    let context = include_str!("../../../data/emergencies/context.txt");
    let rules = Rules::read(spellings, context, &kinds()).map_err(|error| panic!("{error}"));
    assert!(rules.is_ok_and(|rules| rules.patterns.len() > 1_000));
}

#[test]
fn danger_in_plain_words_is_recognised() {
    for message in [
        "I have chest pain",
        "my chest hurts really bad",
        "Chest pain",
        "My baby is not breathing",
        "my husband can't breathe, what should I do?",
        "she wont wake up",
        "I think I'm having a stroke",
        "he collapsed and is unresponsive",
        "my son is having an epileptic fit for more than 5 minutes now",
        "There is so much blood, the bleeding won\u{2019}t stop",
        "my daughter took too many pills",
        "I have chest pain, can I get an appointment?",
        "my dad has chest pain again, he had a heart attack last year",
        "severe chest pains when I breathe in",
        "my toddler swallowed a button battery",
        "she has taken all her sleeping pills",
        "I took 12 paracetamol two hours ago",
        "my son ate a bunch of grandma's pills",
        "overdose, what do I do",
        "my grandpa fell and hit his head, now hes confused",
        "worst headache of my life came on suddenly",
        "I'm 34 weeks and the baby stopped moving",
        "my water broke and I am 31 weeks",
        "my husband hits me and I'm scared to go home",
        "my baby is choking, how do I do CPR?",
        "me duele mucho el pecho",
        "my face feels numb on one side and i cant lift my arm",
        "throat feels tight after peanuts",
        "baby 3 weeks old has a fever of 39",
    ] {
        assert!(kind(message).is_some_and(|kind| kind != EmergencyKind::SelfHarm), "{message}");
    }
    for message in [
        "thinking of ending it all tonight",
        "I want to die",
        "i dont want to live anymore",
        "My son says he wants to kill himself",
        "suicidal",
    ] {
        assert_eq!(kind(message), Some(EmergencyKind::SelfHarm), "{message}");
    }
}

#[test]
fn questions_about_a_subject_are_no_emergency() {
    for message in [
        "Do you have a stroke support group?",
        "What are the visiting hours for stroke patients?",
        "My father had a stroke last year, where is rehab?",
        "Where is the chest pain clinic?",
        "Is there a suicide prevention class?",
        "Do you offer classes after a heart attack?",
        "When can I visit my mother?",
        "Can I bring a hairdryer? I am dying to know",
        "do you teach CPR for choking babies",
        "Do newborn classes explain how to take a temperature?",
        "My water broke, which entrance do I use? I'm 39 weeks",
        "Can I bring the medicine I took this morning?",
        "I took 2 tylenol, can I still give blood?",
        "Should I have eaten before my 10 o'clock blood test?",
        "My son bumped his head in gym, where is urgent care?",
        "My mother passed out yesterday and was admitted. Which ward is she on?",
    ] {
        assert_eq!(kind(message), None, "{message}");
    }
}

#[test]
fn each_kind_is_told_from_the_others() {
    for (message, expected) in [
        ("my dad has stopped breathing", EmergencyKind::Breathing),
        ("he is choking on a piece of steak", EmergencyKind::Choking),
        ("she had a seizure just now and is not responding", EmergencyKind::Unconscious),
        ("pressure in my chest going into my left arm", EmergencyKind::Heart),
        ("her face is drooping and she cant lift her arm", EmergencyKind::Stroke),
        ("the cut is deep and wont stop bleeding", EmergencyKind::Bleeding),
        ("throat is closing up after a bee sting", EmergencyKind::Allergy),
        ("my boy drank bleach", EmergencyKind::Poisoning),
        ("6 week old with a fever of 39", EmergencyKind::Infant),
        ("im 32 weeks and my water broke", EmergencyKind::Pregnancy),
        ("she fell, hit her head and is vomiting", EmergencyKind::HeadInjury),
        ("he was bitten by a snake", EmergencyKind::Injury),
        ("i want to kill myself", EmergencyKind::SelfHarm),
        ("my husband beats me", EmergencyKind::Violence),
    ] {
        let found: Vec<_> = emergencies(message, None).into_iter().map(|finding| finding.kind).collect();
        assert!(found.contains(&expected), "{message}: {found:?}");
    }
}

#[test]
fn what_is_denied_over_or_asked_about_is_told_apart() {
    for message in [
        "I don't have chest pain",
        "no chest pain, no bleeding",
        "She denies chest pain or shortness of breath",
        "had a stroke last year",
        "stroke support group?",
        "My mom had a heart attack in 2019",
        "What are the signs of a stroke?",
        "I am not suicidal",
    ] {
        assert_eq!(kind(message), None, "{message}");
    }
    for message in [
        "I don't know if it is a heart attack, my chest hurts",
        "No. My chest hurts and I can't breathe",
        "had a stroke last year and now his face is drooping again",
        "my dad is having a stroke",
        "not sleeping, and I want to die",
    ] {
        assert!(kind(message).is_some(), "{message}");
    }
}

#[test]
fn misspelt_shortened_and_run_together_words_are_read() {
    for message in [
        "i cant breeth",
        "chestpain really bad",
        "heartattack help",
        "my sun is unconcious",
        "siezure wont stop",
        "i wanna kms",
        "hes overdoseing",
        "BLEEDING WONT STOP",
        "i want to kil myself",
        "sucidal",
        "she is chokeing",
        "anafylaxis",
    ] {
        assert!(kind(message).is_some(), "{message}");
    }
}

#[test]
fn a_sentence_may_begin_in_the_message_before() {
    for (before, message) in
        [("my chest", "hurts really bad"), ("I took", "about 30 tylenol pills"), ("my baby has", "stopped breathing")]
    {
        assert!(!emergencies(message, Some(before)).is_empty(), "{before} / {message}");
    }
    // What was said before by itself has been noticed, and is not noticed again.
    assert_eq!(emergencies("thank you, where is parking", Some("I have chest pain")), []);
    assert_eq!(emergencies("when can I visit", Some("where is parking")), []);
}

#[test]
fn rare_dangers_to_a_limb_an_organ_or_sight_are_recognised() {
    for message in [
        "my son's testicle hurts so bad all of a sudden and he is throwing up",
        "numb between my legs and I can't control my bladder",
        "havent peed since yesterday and it hurts",
        "unable to pass urine since this morning",
        "frostbite on my toes",
        "skin is peeling off all over after a new medicine, mouth full of sores",
        "my foot is cold and blue and I can't feel it",
        "a dark curtain came down over my eye",
        "fruity breath and vomiting, he is diabetic",
        "on chemo with a fever of 101",
        "my ticker is racing and I'm lightheaded",
        "how many tylenol would be lethal",
        "what is a painless way to go",
        "what's the quickest way out, I'm so tired of it all",
    ] {
        assert!(kind(message).is_some(), "{message}");
    }
    for message in [
        "dull ache in my testicle for weeks, need a urologist",
        "my bottom is numb from sitting so long",
        "I can't pee with people around, is there a private restroom for the urine sample?",
        "how do I prevent frostbite when skiing",
        "my skin is peeling from a sunburn on the beach",
        "the curtain in my room does not close",
        "what is the quickest way to go to radiology",
        "fastest way out of the garage",
        "delete myself from your mailing list",
    ] {
        assert_eq!(kind(message), None, "{message}");
    }
}

#[test]
fn what_clinicians_shorten_and_what_happens_around_somebody_is_recognised() {
    for message in [
        "acute sob, sats dropping",
        "possible cva since an hour",
        "58m with crushing pain, stemi?",
        "fall with brief loc",
        "gsw to the thigh",
        "co alarm keeps going off and we are sleepy",
        "the garage is on fire and my son is inside",
        "smoke is pouring out of the apartment below",
        "stranded on the rooftop, water is rising fast",
        "terrible truck crash, two people trapped",
        "we hear gunfire outside",
        "somebody is following me and I am scared",
        "a woman next door is screaming",
        "grandma became disoriented this evening",
        "my brother doesn't know where he is",
        "she is wheezing really hard",
        "my words slur",
        "our lives are in danger",
    ] {
        assert!(kind(message).is_some(), "{message}");
    }
    for message in [
        "what does sob mean in my chart",
        "cva in 2019, stable, need a refill",
        "is there an mi rehab program",
        "the carbon monoxide alarm chirps, where do I buy a battery",
        "fire drill in the garage on monday?",
        "road closed after a truck accident, I'll be late",
        "I need the records of my car accident",
        "I don't know where the lab is",
        "I'm confused about the bill",
        "kids are screaming with joy next door at the party",
        "I don't need help, only looking",
    ] {
        assert_eq!(kind(message), None, "{message}");
    }
}

#[test]
fn a_part_of_the_body_or_a_complaint_alone_is_no_emergency_and_may_become_one() {
    for message in [
        "my chest",
        "hurts",
        "my arm hurts",
        "my baby has a cold",
        "my heart",
        "blorp",
        "wubba dubba",
        "it itches",
        "it burns",
        "bleeding",
        "pain in my shin",
        "headache",
        "he fell",
        "pain",
        "my son",
        "left arm",
    ] {
        assert_eq!(kind(message), None, "{message}");
    }
    for (before, message) in [
        ("my chest", "hurts really bad"),
        ("my arm", "is numb all of a sudden and my mouth droops"),
        ("my grandma", "fell and is not waking up"),
        ("he swallowed it", "the button battery"),
        ("my tongue", "swells up, hard to breathe"),
    ] {
        assert!(!emergencies(message, Some(before)).is_empty(), "{before} / {message}");
    }
    for (before, message) in
        [("my arm", "hurts"), ("I have chest pain", "thank you"), ("my baby", "has a cold"), ("my foot", "itches")]
    {
        assert_eq!(emergencies(message, Some(before)), [], "{before} / {message}");
    }
}

#[test]
fn the_main_phrases_are_known_in_other_languages() {
    for message in [
        "Me duele mucho el pecho",
        "no puede respirar",
        "quiero morir",
        "mon mari ne respire plus",
        "J\u{2019}ai des douleurs \u{e0} la poitrine",
        "Ich will nicht mehr leben",
        "Mein Mann hat einen Schlaganfall",
        "t\u{f4}i b\u{1ecb} \u{111}au ng\u{1ef1}c",
        "toi muon chet",
        "\u{6211}\u{80f8}\u{75db}",
        "\u{6211}\u{4e0d}\u{60f3}\u{6d3b}\u{4e86}",
        "\u{623}\u{631}\u{64a}\u{62f} \u{623}\u{646} \u{623}\u{645}\u{648}\u{62a}",
    ] {
        assert!(kind(message).is_some(), "{message}");
    }
    for message in [
        "No tengo dolor en el pecho",
        "Ich habe keine Brustschmerzen",
        "\u{6211}\u{6ca1}\u{6709}\u{80f8}\u{75db}",
        "grupo de apoyo despu\u{e9}s de un derrame cerebral",
    ] {
        assert_eq!(kind(message), None, "{message}");
    }
}
