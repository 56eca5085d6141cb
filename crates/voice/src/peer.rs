//! One end of a WebRTC connection with a browser: Opus over a UDP socket of its own.

use std::{
    collections::VecDeque,
    io,
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
    sync::Once,
};

use str0m::{
    Candidate, Event, IceConnectionState, Input, Output, Rtc, RtcConfig,
    change::SdpOffer,
    media::{Direction, Frequency, MediaTime, Mid, Pt},
    net::{DatagramRecv, Protocol, Receive},
};
use tokio::{
    net::UdpSocket,
    time::{Instant, sleep_until},
};

use crate::audio::{OpusDecoder, OpusEncoder, OpusError, PACKET_MS};

/// Bytes of a packet at most.
const LARGEST_PACKET: usize = 2_000;
/// Lost packets in a row whose sound is made up; beyond that it would be nothing but noise.
const MOST_CONCEALED: u64 = 5;
/// Units of a packet's time stamp in 20 ms: RTP counts Opus at 48 kHz whatever it is.
const CLOCK_STEP: u64 = 48 * PACKET_MS as u64;

/// Where calls take place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkPlace {
    /// The address to listen on.
    pub bind: IpAddr,
    /// The address that browsers are told to send to.
    pub public: IpAddr,
    /// The ports to listen on, one a call. None: any free one.
    pub ports: Option<RangeInclusive<u16>>,
}

/// Why there is no connection. Nothing of what was sent is in it.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    #[error("no port of {0:?} is free")]
    NoPort(Option<RangeInclusive<u16>>),
    #[error("the network: {0}")]
    Network(#[from] io::Error),
    /// What a browser offered cannot be answered.
    #[error("the offer is none that can be answered: {0}")]
    Offer(&'static str),
    #[error("a candidate cannot be read")]
    Candidate,
    #[error("WebRTC failed: {0}")]
    Failed(&'static str),
    #[error(transparent)]
    Sound(#[from] OpusError),
}

/// What comes of a connection.
#[derive(Debug)]
pub enum PeerEvent {
    Connected,
    /// What is heard, at [`crate::audio::HEARD_RATE`].
    Sound(Vec<f32>),
    /// Nothing has been heard of the browser for a while. It may come back.
    Away,
    /// It is back.
    Back,
    /// The browser has hung up.
    Gone,
}

/// How good the connection is.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LinkQuality {
    pub packets_received: u64,
    pub packets_lost: u64,
    /// Milliseconds, as last measured.
    pub round_trip_ms: Option<f64>,
}

pub struct Peer {
    rtc: Rtc,
    socket: UdpSocket,
    /// What browsers take for this end's address.
    local: SocketAddr,
    received: Box<[u8; LARGEST_PACKET]>,
    media: Option<(Mid, Pt)>,
    /// Packets that were said and have not left.
    leaving: VecDeque<Vec<u8>>,
    clock: u64,
    encoder: OpusEncoder,
    decoder: OpusDecoder,
    newest: Option<u64>,
    quality: LinkQuality,
}

impl Peer {
    /// Takes a port. Nothing is sent before there is an offer.
    pub async fn open(place: &NetworkPlace) -> Result<Self, PeerError> {
        static CRYPTO: Once = Once::new();
        CRYPTO.call_once(|| str0m::crypto::from_feature_flags().install_process_default());
        let socket = bind(place).await?;
        let local = SocketAddr::new(place.public, socket.local_addr()?.port());
        let mut rtc = RtcConfig::new()
            .clear_codecs()
            .enable_opus(true, false)
            // It waits at an address that is known; the browser does the looking.
            .set_ice_lite(true)
            .set_stats_interval(Some(std::time::Duration::from_secs(2)))
            .build(Instant::now().into_std());
        let candidate =
            Candidate::host(local, "udp").map_err(|_| PeerError::Failed("the address cannot be offered"))?;
        rtc.add_local_candidate(candidate);
        Ok(Self {
            rtc,
            socket,
            local,
            received: Box::new([0; LARGEST_PACKET]),
            media: None,
            leaving: VecDeque::new(),
            clock: 0,
            encoder: OpusEncoder::new()?,
            decoder: OpusDecoder::new()?,
            newest: None,
            quality: LinkQuality::default(),
        })
    }

    /// Answers an offer: the first, or a later one after the browser's network has changed.
    pub fn accept(&mut self, offer: &str) -> Result<String, PeerError> {
        let offer = SdpOffer::from_sdp_string(offer).map_err(|_| PeerError::Offer("it is no session description"))?;
        let answer = self.rtc.sdp_api().accept_offer(offer);
        let answer = answer.map_err(|_| PeerError::Offer("it asks for what is not spoken here"))?;
        Ok(answer.to_sdp_string())
    }

    /// Where the browser can be reached, as it says.
    pub fn add_candidate(&mut self, candidate: &str) -> Result<(), PeerError> {
        // A browser that hides its addresses names hosts that only its own network knows: it comes to us all the same.
        if candidate.is_empty() || candidate.contains(".local ") {
            return Ok(());
        }
        let candidate = Candidate::from_sdp_string(candidate).map_err(|_| PeerError::Candidate)?;
        if candidate.proto() == Protocol::Udp {
            self.rtc.add_remote_candidate(candidate);
        }
        Ok(())
    }

    pub fn quality(&self) -> LinkQuality {
        self.quality
    }

    /// Waits for what comes next. Nothing is lost when the wait is given up.
    pub async fn next(&mut self) -> Result<PeerEvent, PeerError> {
        loop {
            let timeout = loop {
                let output = self.rtc.poll_output().map_err(|_| PeerError::Failed("the connection broke"))?;
                match output {
                    Output::Timeout(timeout) => break timeout,
                    // Where the network takes nothing at the moment, it is lost as on any way.
                    Output::Transmit(packet) => drop(self.socket.try_send_to(&packet.contents, packet.destination)),
                    Output::Event(event) => {
                        if let Some(event) = self.on_event(event)? {
                            return Ok(event);
                        }
                    }
                }
            };
            if !self.rtc.is_alive() {
                return Ok(PeerEvent::Gone);
            }
            // One at a time: what comes of it is taken before the next. After a pause of this process there are several.
            if let Some(packet) = self.leaving.pop_front() {
                self.write(packet)?;
                continue;
            }
            let input = tokio::select! {
                () = sleep_until(timeout.into()) => Input::Timeout(Instant::now().into_std()),
                received = self.socket.recv_from(self.received.as_mut_slice()) => {
                    let Ok((length, source)) = received else { continue };
                    let bytes = self.received.get(..length).unwrap_or_default();
                    let Ok(contents) = DatagramRecv::try_from(bytes) else { continue };
                    let receive = Receive { proto: Protocol::Udp, source, destination: self.local, contents };
                    Input::Receive(Instant::now().into_std(), receive)
                }
            };
            // What anybody on the network sends must not end a call.
            if let Err(error) = self.rtc.handle_input(input) {
                tracing::debug!(%error, "a packet was not understood");
            }
        }
    }

    fn on_event(&mut self, event: Event) -> Result<Option<PeerEvent>, PeerError> {
        Ok(match event {
            Event::Connected => Some(PeerEvent::Connected),
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) => Some(PeerEvent::Away),
            Event::IceConnectionStateChange(IceConnectionState::Connected | IceConnectionState::Completed) => {
                Some(PeerEvent::Back)
            }
            Event::Closed => Some(PeerEvent::Gone),
            Event::MediaAdded(media) => {
                if self.media.is_none() {
                    let types =
                        self.rtc.writer(media.mid).and_then(|writer| writer.payload_params().next().map(|of| of.pt()));
                    self.media = types.map(|payload_type| (media.mid, payload_type));
                }
                if matches!(media.direction, Direction::SendOnly | Direction::Inactive) {
                    return Err(PeerError::Offer("its sound does not come here: audio wants sendrecv"));
                }
                None
            }
            Event::MediaData(data) => Some(PeerEvent::Sound(self.hear(**data.seq_range.end(), &data.data)?)),
            Event::PeerStats(stats) => {
                self.quality.round_trip_ms =
                    stats.rtt.map(|round_trip| round_trip.as_secs_f64() * 1e3).or(self.quality.round_trip_ms);
                None
            }
            _ => None,
        })
    }

    /// The sound of a packet, after that of packets that were lost before it.
    fn hear(&mut self, number: u64, packet: &[u8]) -> Result<Vec<f32>, PeerError> {
        self.quality.packets_received += 1;
        let lost = self.newest.map_or(0, |newest| number.saturating_sub(newest + 1));
        self.newest = Some(self.newest.unwrap_or_default().max(number));
        self.quality.packets_lost += lost;
        let mut sound = Vec::new();
        for _ in 0..lost.min(MOST_CONCEALED) {
            sound.extend_from_slice(self.decoder.conceal()?);
        }
        match self.decoder.decode(packet) {
            Ok(samples) => sound.extend_from_slice(samples),
            Err(error) => tracing::debug!(%error, "a packet holds no sound"),
        }
        Ok(sound)
    }

    /// Says [`crate::audio::PACKET_SAMPLES`] samples. They leave with the next [`Self::next`].
    pub fn say(&mut self, samples: &[f32]) -> Result<(), PeerError> {
        if self.media.is_some() {
            self.leaving.push_back(self.encoder.encode(samples)?);
        }
        Ok(())
    }

    fn write(&mut self, packet: Vec<u8>) -> Result<(), PeerError> {
        let Some((mid, payload_type)) = self.media else { return Ok(()) };
        let time = MediaTime::new(self.clock, Frequency::FORTY_EIGHT_KHZ);
        self.clock += CLOCK_STEP;
        if let Some(writer) = self.rtc.writer(mid) {
            writer
                .write(payload_type, Instant::now().into_std(), time, packet)
                .map_err(|_| PeerError::Failed("a packet could not be sent"))?;
        }
        Ok(())
    }
}

async fn bind(place: &NetworkPlace) -> Result<UdpSocket, PeerError> {
    let Some(ports) = place.ports.clone() else { return Ok(UdpSocket::bind((place.bind, 0)).await?) };
    for port in ports.clone() {
        match UdpSocket::bind((place.bind, port)).await {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            bound => return Ok(bound?),
        }
    }
    Err(PeerError::NoPort(Some(ports)))
}
